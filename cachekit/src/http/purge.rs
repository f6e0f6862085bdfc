//! Invalidation by requests to unsafe methods (RFC 9111, section 4.4).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri};

use crate::http::group_tag::group_tag;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::host;
use crate::http::rules::options::Mode;
use crate::http::semantics::groups::group_invalidations;
use crate::http::shared::LayerState;

/// The invalidation that a request to an unsafe method causes.
///
/// A request that is dropped, or whose handler panics, may have written. Therefore a purge that is
/// dropped takes place, unless the response has said that the request failed.
pub(crate) struct Purge {
    shared: Arc<LayerState>,
    /// Host of the request, in lower case.
    host: Vec<u8>,
    uri: Uri,
    /// `true` if stored responses may belong to the request's path: in shared mode always, in owned
    /// mode if a rule has the path.
    has_path: bool,
    soft: bool,
    is_pending: bool,
}

impl Purge {
    /// Returns the purge of a request, or `None` if the method is safe.
    pub(crate) fn of(
        shared: &Arc<LayerState>,
        rule: Option<&CompiledRule>,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<Self> {
        if method.is_safe() || method == Method::CONNECT {
            return None;
        }
        Some(Self {
            shared: Arc::clone(shared),
            host: host::target(uri, headers).to_ascii_lowercase(),
            uri: uri.clone(),
            has_path: shared.rules.mode == Mode::Shared || rule.is_some(),
            soft: rule.is_some_and(|rule| rule.soft),
            is_pending: true,
        })
    }

    /// Invalidates the stored responses of the request's target and of the groups that the response
    /// names, if the response says that the request succeeded. Returns `true` if so.
    pub(crate) async fn after(mut self, status: StatusCode, headers: &HeaderMap) -> bool {
        if !(status.is_success() || status.is_redirection()) {
            self.is_pending = false;
            return false;
        }
        let tags = self.tags(headers);
        let is_something = !tags.is_empty();
        self.invalidate(tags).await;
        self.is_pending = false;
        is_something
    }

    /// Invalidates the stored responses of the request's target, after the handler's service
    /// failed: the handler may have written.
    pub(crate) async fn after_error(mut self) {
        self.invalidate(self.tags(&HeaderMap::new())).await;
        self.is_pending = false;
    }

    fn invalidate(&self, tags: Vec<String>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        if tags.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        let invalidation = self.shared.cache.invalidation().tags(tags);
        if self.soft {
            Box::pin(async move { invalidation.soft().await })
        } else {
            Box::pin(async move { invalidation.await })
        }
    }

    fn tags(&self, headers: &HeaderMap) -> Vec<String> {
        let rules = &self.shared.rules;
        let mut tags = Vec::new();
        if self.has_path {
            tags.push(rules.uri_tag(&self.host, &self.uri));
        }
        if rules.mode == Mode::Shared {
            let others = [LOCATION, CONTENT_LOCATION];
            let others = others
                .iter()
                .filter_map(|name| self.same_origin(name, headers));
            tags.extend(others.map(|uri| rules.uri_tag(&self.host, &uri)));
        }
        let groups = group_invalidations(headers);
        tags.extend(groups.iter().map(|group| group_tag(&self.host, group)));
        tags
    }

    /// Returns the URI in the field `name`, if its origin is that of the request: others must not
    /// be able to invalidate a site's responses.
    fn same_origin(&self, name: &HeaderName, headers: &HeaderMap) -> Option<Uri> {
        let text = headers.get(name)?.to_str().ok()?;
        let uri: Uri = resolved(text, self.uri.path()).parse().ok()?;
        let own = host::in_tag(&self.host);
        let is_same = uri
            .authority()
            .is_none_or(|authority| host::in_tag(authority.as_str().as_bytes()) == own);
        is_same.then_some(uri)
    }
}

impl Drop for Purge {
    fn drop(&mut self) {
        if self.is_pending {
            // An invalidation that was polled once takes place, even if it is dropped.
            let mut purging = self.invalidate(self.tags(&HeaderMap::new()));
            let _ = purging
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// Returns the reference `text` as an absolute path or URI, relative to the path `base` (RFC 3986,
/// section 5.2).
fn resolved(text: &str, base: &str) -> String {
    if text.contains("://") {
        return text.to_owned();
    }
    if text.starts_with("//") {
        return format!("http:{text}");
    }
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (text, String::new()),
    };
    let folder = base.rfind('/').map_or("/", |at| &base[..=at]);
    let path = match path {
        "" => base.to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("{folder}{path}"),
    };
    format!("{}{query}", without_dots(&path))
}

/// Removes the segments `.` and `..` from a path.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn references_are_resolved() {
        for (text, absolute) in [
            ("/b?c=1", "/b?c=1"),
            ("b", "/x/b"),
            ("?page=2", "/x/y?page=2"),
            ("../z/./w", "/z/w"),
            ("../../../z", "/z"),
            ("//other/x", "http://other/x"),
            ("https://other/x", "https://other/x"),
        ] {
            assert_eq!(resolved(text, "/x/y"), absolute, "{text}");
        }
    }
}
