//! A checked set of rules.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, Method, Uri};
use matchit::{Params, Router};

use crate::http::rules::bypass::Bypass;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::decision::Decision;
use crate::http::rules::key::key;
use crate::http::rules::options::{Auth, Cookies, Mode, Query, StatusHeader, UnlistedQuery};
use crate::http::rules::plan::{Lookup, Plan, uri_tag};
use crate::http::rules::query;
use crate::http::rules::template::Parameters;

/// A set of rules for the responses of a service, checked at start-up.
///
/// Made from code by [`owned`](Self::owned) or [`shared`](Self::shared), or from a file by
/// [`from_toml_path`](Self::from_toml_path).
///
/// # Examples
///
/// ```
/// use cachekit::http::RuleSet;
///
/// let rules = RuleSet::from_toml_str(
///     r#"
///     [[http.rule]]
///     name = "product"
///     path = "/api/products/{id}"
///     ttl = "5m"
///     tags = ["product:{id}"]
///     invalidate_on = ["product.updated:{id}"]
///     "#,
/// )?;
/// # Ok::<(), cachekit::http::RuleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RuleSet {
    pub(crate) mode: Mode,
    pub(crate) status_header: StatusHeader,
    pub(crate) cache_name: String,
    pub(crate) heuristics: bool,
    pub(crate) stale_on_failure: Duration,
    pub(crate) keep: Duration,
    /// In the shared mode, the last rule is for paths without a rule of their own.
    pub(crate) rules: Vec<Arc<CompiledRule>>,
    /// Index of the rule for each path.
    pub(crate) router: Router<usize>,
}

impl RuleSet {
    /// Returns the decision of the rules about one request. For tests and tools: a service need not
    /// run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cachekit::http::{Rule, RuleSet};
    /// use http::{HeaderMap, Method, Uri};
    ///
    /// let rules = RuleSet::owned()
    ///     .rule(Rule::get("/products/{id}").ttl(Duration::from_secs(60)).tag("product:{id}"))
    ///     .build()?;
    /// let uri = Uri::from_static("http://example.com/products/7?b=2&a=1");
    /// let decision = rules.explain(&Method::GET, &uri, &HeaderMap::new());
    ///
    /// assert_eq!(decision.rule(), Some("/products/{id}"));
    /// assert_eq!(decision.key(), Some("http://example.com/products/7?a=1&b=2"));
    /// assert_eq!(decision.tags(), ["product:7"]);
    /// assert_eq!(decision.bypass(), None);
    /// # Ok::<(), cachekit::http::RuleError>(())
    /// ```
    pub fn explain(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Decision {
        Decision::of(&self.decide(method, uri, headers), headers)
    }

    /// Returns the mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the rules, each at its index.
    pub(crate) fn rules(&self) -> &[Arc<CompiledRule>] {
        &self.rules
    }

    /// Returns the tag by which an unsafe request to `uri` at `host` invalidates responses.
    pub(crate) fn uri_tag(&self, host: &[u8], uri: &Uri) -> String {
        uri_tag(self.mode, host, uri)
    }

    /// Decides if a request may be answered from the cache, and under which key.
    pub(crate) fn decide(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Lookup<'_> {
        let found = self.matching(uri.path());
        let rule = found.as_ref().map(|(rule, _)| *rule);
        if method != Method::GET && method != Method::HEAD {
            let reason = Bypass::Method;
            return Lookup::Bypass { rule, reason };
        }
        let Some((rule, parameters)) = found else {
            let reason = Bypass::NoRule;
            return Lookup::Bypass { rule, reason };
        };
        if let Some(reason) = bypass(rule, uri, headers) {
            let rule = Some(rule);
            return Lookup::Bypass { rule, reason };
        }
        let key = key(rule, self.mode, uri, headers);
        Lookup::Cacheable(Plan {
            rule: Arc::clone(rule),
            key: key.bytes,
            mode: self.mode,
            uri: uri.clone(),
            host: key.host,
            parameters,
            strips_query: rule.unlisted_query == UnlistedQuery::Strip && has_unlisted(rule, uri),
        })
    }

    fn matching(&self, path: &str) -> Option<(&Arc<CompiledRule>, Parameters)> {
        if let Ok(found) = self.router.at(path) {
            let rule = self.rules.get(*found.value)?;
            return Some((rule, ranges(path, &found.params)));
        }
        let default = self.rules.last().filter(|_| self.mode == Mode::Shared);
        default.map(|rule| (rule, Parameters::new()))
    }
}

fn bypass(rule: &CompiledRule, uri: &Uri, headers: &HeaderMap) -> Option<Bypass> {
    if !rule.cache {
        return Some(Bypass::RuleOff);
    }
    if rule.auth == Auth::Bypass && headers.contains_key(AUTHORIZATION) {
        return Some(Bypass::Authorization);
    }
    if rule.cookies == Cookies::Bypass && headers.contains_key(COOKIE) {
        return Some(Bypass::Cookie);
    }
    if rule.unlisted_query == UnlistedQuery::Bypass && has_unlisted(rule, uri) {
        return Some(Bypass::Query);
    }
    if headers.contains_key(UPGRADE) {
        return Some(Bypass::Upgrade);
    }
    has_body(headers).then_some(Bypass::Body)
}

/// Returns `true` if the fields of a request say that it has a body. In HTTP/2 and later, a body
/// may have no length, and then the fields do not show that it exists.
fn has_body(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).into_iter();
    headers.contains_key(TRANSFER_ENCODING)
        || lengths.any(|length| length.as_bytes().trim_ascii() != b"0")
}

fn has_unlisted(rule: &CompiledRule, uri: &Uri) -> bool {
    rule.query != Query::All && query::has_unlisted(&rule.query, uri.query())
}

/// Returns the places of the parameters in `path`. The parameters must be slices of `path`.
fn ranges(path: &str, parameters: &Params<'_, '_>) -> Parameters {
    let start = path.as_ptr().addr();
    let range = |value: &str| {
        let at = value.as_ptr().addr() - start;
        at..at + value.len()
    };
    parameters.iter().map(|(_, value)| range(value)).collect()
}
