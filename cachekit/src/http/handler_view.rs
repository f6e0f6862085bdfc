//! The request as the handler sees it.

use http::header::{AUTHORIZATION, COOKIE, FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::http::entries::Kept;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::key::cookies;
use crate::http::rules::options::{Auth, Cookies, Mode};
use crate::http::rules::plan::Plan;

/// Fields by which proxies name another host or path than that of the request. These fields are in
/// no key, and some handlers build links from them.
const OTHER_TARGETS: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
];

/// Removes from `request` everything that is not in the key of `plan` and that a response could
/// depend on, because the response is given to other clients too.
///
/// Requests whose responses are not stored are treated in this way too, so that the responses of a
/// URL do not differ.
pub(crate) fn hide_what_is_not_in_the_key<Q>(plan: &Plan, request: &mut Request<Q>) {
    if let Some(uri) = plan.stripped_uri() {
        *request.uri_mut() = uri;
    }
    if plan.mode == Mode::Owned {
        hide_fields(request.headers_mut(), &plan.rule);
    }
}

fn hide_fields(headers: &mut HeaderMap, rule: &CompiledRule) {
    if rule.auth == Auth::Ignore {
        headers.remove(AUTHORIZATION);
    }
    match &rule.cookies {
        Cookies::Ignore => {
            headers.remove(COOKIE);
        }
        Cookies::Key(names) => keep_cookies(headers, names),
        Cookies::Bypass => {}
    }
    for name in OTHER_TARGETS {
        if !rule.headers.contains(&name) {
            headers.remove(name);
        }
    }
}

/// Fields by which a proxy tells how the client reached the proxy. A handler may answer with a
/// redirect if they are missing, so a refresh has them as the requests of clients do.
const OF_PROXIES: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
];

/// Returns the fields of a request that a refresh in the background has too: those in the key of
/// `rule`, those that `old`, the response to refresh, varies by, `Host`, those of proxies, and
/// those by which a client says what it accepts. The other fields concern a client that does not
/// get the response.
pub(crate) fn fields_for_refresh(
    headers: &HeaderMap,
    rule: &CompiledRule,
    old: Option<&Kept>,
) -> HeaderMap {
    let is_varied = |name: &HeaderName| old.is_some_and(|old| old.varies_by(name));
    let is_in_key = |name: &HeaderName| match *name {
        HOST => true,
        COOKIE => matches!(rule.cookies, Cookies::Key(_)),
        AUTHORIZATION => rule.auth == Auth::Key,
        _ => rule.headers.contains(name) || OF_PROXIES.contains(name),
    };
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        if is_in_key(name) || is_varied(name) || name.as_str().starts_with("accept") {
            kept.append(name, value.clone());
        }
    }
    kept
}

fn keep_cookies(headers: &mut HeaderMap, names: &[String]) {
    let listed = names.iter().flat_map(|name| cookies(name, headers));
    let listed: Vec<&[u8]> = listed.collect();
    let kept = HeaderValue::from_bytes(&listed.join(&b"; "[..]));
    headers.remove(COOKIE);
    if let Ok(kept) = kept
        && !kept.is_empty()
    {
        headers.insert(COOKIE, kept);
    }
}
