//! The host of a request.

use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Uri};

/// Returns the host that the request is for, with its port: the URI's authority without user
/// information, or otherwise the first `Host`. The default port of the URI's scheme is left out.
/// Without a scheme, no port counts as the default port.
pub(crate) fn target<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a [u8] {
    let host = match uri.authority() {
        Some(authority) => {
            let text = authority.as_str();
            text.rsplit('@').next().unwrap_or(text).as_bytes()
        }
        None => headers
            .get(HOST)
            .map_or(&[] as &[u8], HeaderValue::as_bytes),
    };
    without_default_port(host, uri)
}

/// Returns the `Host` fields that name another host than `target`. A handler may read them.
pub(crate) fn others<'a>(
    target: &'a [u8],
    uri: &'a Uri,
    headers: &'a HeaderMap,
) -> impl Iterator<Item = &'a [u8]> {
    let all = headers.get_all(HOST).into_iter();
    all.map(|value| without_default_port(value.as_bytes(), uri))
        .filter(move |host| !host.eq_ignore_ascii_case(target))
}

/// Returns the host as it is in tags: in lower case, without the port 80 or 443. Two ports may
/// share a tag, which then invalidates more than it must.
pub(crate) fn in_tag(host: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(host).to_ascii_lowercase();
    let bare = text
        .strip_suffix(":80")
        .or_else(|| text.strip_suffix(":443"));
    if let Some(bare) = bare {
        text.truncate(bare.len());
    }
    text
}

fn without_default_port<'a>(host: &'a [u8], uri: &Uri) -> &'a [u8] {
    let port: &[u8] = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => b":80",
        Some(scheme) if *scheme == Scheme::HTTPS => b":443",
        _ => return host,
    };
    host.strip_suffix(port).unwrap_or(host)
}
