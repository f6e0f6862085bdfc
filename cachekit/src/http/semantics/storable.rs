//! Which responses are stored, and how (RFC 9111, section 3).

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE, TRAILER, USER_AGENT};
use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::age::initial_age;
use super::cache_control::CacheControl;
use super::conditional::has_validators;
use super::lifetime::{
    Lifetime, explicit_lifetime, heuristic_lifetime, is_heuristically_cacheable,
};
use super::lists::trim;
pub(crate) use super::not_stored::NotStored;
use super::vary::Vary;
use crate::http::rules::options::SetCookie;

/// Returns `true` if `Set-Cookie` is removed from the response before it is stored, or the reason
/// why the response is not stored.
pub(crate) fn strips_set_cookie(
    set_cookie: SetCookie,
    response_headers: &HeaderMap,
) -> Result<bool, NotStored> {
    match set_cookie {
        SetCookie::Rfc => Ok(false),
        _ if !response_headers.contains_key(SET_COOKIE) => Ok(false),
        SetCookie::Refuse => Err(NotStored::SetCookie),
        SetCookie::Strip => Ok(true),
    }
}

/// Settings of a shared cache that decide what is stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedPolicy {
    /// `true` if responses without a lifetime get a heuristic lifetime.
    pub(crate) heuristics: bool,
    pub(crate) set_cookie: SetCookie,
    /// `true` if a stale response is of use without `stale-while-revalidate` and `stale-if-error`.
    pub(crate) keeps_stale: bool,
    /// Fields that a response may vary by, although they differ between most clients.
    pub(crate) allowed_vary: Vec<HeaderName>,
}

/// Data with which a response is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorePlan {
    /// Time for which the response is fresh, in seconds, counted from age zero.
    pub(crate) lifetime: u64,
    /// `true` if the lifetime is a guess (RFC 9111, section 4.2.2).
    pub(crate) is_heuristic: bool,
    /// Age at arrival, in seconds.
    pub(crate) initial_age: u64,
    /// `true` if the response is validated before each use (`no-cache`).
    pub(crate) always_revalidate: bool,
    /// `true` if the response may be served stale: it has none of `must-revalidate`,
    /// `proxy-revalidate`, `no-cache` and `s-maxage`.
    pub(crate) may_serve_stale: bool,
    /// `None` if the response may not be served stale. The same holds for `stale_if_error`.
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
    /// Fields that are not stored.
    pub(crate) strip: Vec<HeaderName>,
}

/// Returns the reason why a response is stored in neither mode, whatever its `Cache-Control` says:
/// the request's `no-store`, the status, `Vary: *` or the body's kind. [`shared_plan`] calls this
/// function itself. A caller of [`owned_restriction`] must call it too.
pub(crate) fn forbidden_in_both(
    status: StatusCode,
    request_headers: &HeaderMap,
    response_headers: &HeaderMap,
) -> Option<NotStored> {
    if CacheControl::of_request(request_headers).no_store {
        return Some(NotStored::RequestNoStore);
    }
    if let Some(reason) = forbidden_status(status).or_else(|| forbidden_body(response_headers)) {
        return Some(reason);
    }
    (Vary::of(response_headers) == Vary::Star).then_some(NotStored::VaryStar)
}

/// Returns why a response with `status` is never stored. The statuses 304, 412 and 416 depend on
/// conditions of one request.
fn forbidden_status(status: StatusCode) -> Option<NotStored> {
    match status.as_u16() {
        206 => Some(NotStored::Partial),
        ..200 | 304 | 412 | 416 => Some(NotStored::Status),
        _ => None,
    }
}

fn forbidden_body(headers: &HeaderMap) -> Option<NotStored> {
    if headers.contains_key(TRAILER) {
        return Some(NotStored::Trailers);
    }
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    let end = value.iter().position(|byte| *byte == b';');
    let kind = trim(value.get(..end.unwrap_or(value.len()))?);
    if has_prefix(kind, b"application/grpc") {
        return Some(NotStored::Grpc);
    }
    let is_stream = kind.eq_ignore_ascii_case(b"text/event-stream")
        || kind.eq_ignore_ascii_case(b"multipart/x-mixed-replace");
    is_stream.then_some(NotStored::EventStream)
}

fn has_prefix(text: &[u8], prefix: &[u8]) -> bool {
    let start = text.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Returns why a response that varies by a field of nearly every client is not stored, unless the
/// field is one of `allowed`.
pub(crate) fn forbidden_vary(
    response_headers: &HeaderMap,
    allowed: &[HeaderName],
) -> Option<NotStored> {
    let Vary::Names(names) = Vary::of(response_headers) else {
        return Some(NotStored::VaryStar);
    };
    let refused = [
        (COOKIE, NotStored::VaryCookie),
        (AUTHORIZATION, NotStored::VaryAuthorization),
        (USER_AGENT, NotStored::VaryUserAgent),
    ];
    let found = refused
        .into_iter()
        .find(|(name, _)| names.contains(name) && !allowed.contains(name));
    found.map(|(_, reason)| reason)
}

/// Returns how a shared cache stores a response that arrived at the Unix time `now_secs`,
/// `delay_secs` after its request, or why it does not (RFC 9111, section 3).
pub(crate) fn shared_plan(
    policy: &SharedPolicy,
    method: &Method,
    request_headers: &HeaderMap,
    status: StatusCode,
    response_headers: &HeaderMap,
    now_secs: u64,
    delay_secs: u64,
) -> Result<StorePlan, NotStored> {
    let control = CacheControl::effective(response_headers);
    let forbidden = (method != Method::GET)
        .then_some(NotStored::Method)
        .or_else(|| forbidden_in_both(status, request_headers, response_headers))
        .or_else(|| forbidden_by(&control, status, request_headers))
        .or_else(|| forbidden_vary(response_headers, &policy.allowed_vary));
    forbidden.map_or(Ok(()), Err)?;
    let strips_cookies = strips_set_cookie(policy.set_cookie, response_headers)?;
    let lifetime = lifetime(policy, &control, status, response_headers, now_secs);
    let age = initial_age(response_headers, now_secs, delay_secs);
    lifetime
        .map(|lifetime| plan(control, lifetime, age, strips_cookies))
        .filter(|plan| is_useful(policy, plan, response_headers))
        .ok_or(NotStored::NoFreshness)
}

/// Returns the reason in `Cache-Control` that forbids a shared cache to store the response.
fn forbidden_by(
    control: &CacheControl,
    status: StatusCode,
    request_headers: &HeaderMap,
) -> Option<NotStored> {
    // RFC 9111, section 5.2.2.3.
    let is_understood = status.canonical_reason().is_some();
    if control.must_understand && !is_understood {
        return Some(NotStored::Status);
    }
    if control.no_store && !control.must_understand {
        return Some(NotStored::NoStore);
    }
    if control.private {
        return Some(NotStored::Private);
    }
    // RFC 9111, section 3.5.
    let is_allowed = control.public || control.must_revalidate || control.s_maxage.is_some();
    let is_personal = request_headers.contains_key(AUTHORIZATION) && !is_allowed;
    is_personal.then_some(NotStored::Authorization)
}

/// Returns the lifetime. It is zero for a response that only has validators. Returns `None` if
/// neither the response nor its status allows to store it.
fn lifetime(
    policy: &SharedPolicy,
    control: &CacheControl,
    status: StatusCode,
    headers: &HeaderMap,
    now_secs: u64,
) -> Option<Lifetime> {
    if let Some(seconds) = explicit_lifetime(control, headers, true, now_secs) {
        return Some(Lifetime::explicit(seconds));
    }
    let is_storable = control.public || is_heuristically_cacheable(status);
    let heuristic = || heuristic_lifetime(status, control, headers, now_secs);
    let seconds = policy.heuristics.then(heuristic).flatten();
    is_storable.then(|| Lifetime::heuristic(seconds.unwrap_or(0)))
}

fn plan(control: CacheControl, lifetime: Lifetime, age: u64, strips_cookies: bool) -> StorePlan {
    let may_serve_stale = !(control.must_revalidate
        || control.proxy_revalidate
        || control.no_cache
        || control.s_maxage.is_some());
    let mut strip = control.no_cache_fields;
    strip.extend(control.private_fields);
    strip.extend(strips_cookies.then_some(SET_COOKIE));
    StorePlan {
        lifetime: lifetime.seconds,
        is_heuristic: lifetime.is_heuristic,
        initial_age: age,
        always_revalidate: control.no_cache,
        may_serve_stale,
        stale_while_revalidate: control.stale_while_revalidate.filter(|_| may_serve_stale),
        stale_if_error: control.stale_if_error.filter(|_| may_serve_stale),
        strip,
    }
}

/// Returns `true` if the stored response could ever answer a request.
fn is_useful(policy: &SharedPolicy, plan: &StorePlan, headers: &HeaderMap) -> bool {
    let is_fresh = plan.lifetime > plan.initial_age && !plan.always_revalidate;
    let grace = plan.stale_while_revalidate.or(plan.stale_if_error);
    let is_useful_stale = plan.may_serve_stale && (policy.keeps_stale || grace.is_some());
    // Without any lifetime, staleness would not be bounded by what the response says.
    let has_stale_use = is_useful_stale && (plan.lifetime > 0 || grace.is_some());
    is_fresh || has_stale_use || has_validators(headers)
}

/// Returns the limit that the response's own `Cache-Control` or `CDN-Cache-Control` sets for a
/// rule's lifetime, or the reason why the response is not stored in spite of the rule.
pub(crate) fn owned_restriction(response_headers: &HeaderMap) -> Result<Option<u64>, NotStored> {
    let plain = CacheControl::of_response(response_headers);
    let limit = restriction(&plain)?;
    match CacheControl::targeted(response_headers) {
        Some(targeted) => Ok(restriction(&targeted)?.or(limit)),
        None => Ok(limit),
    }
}

fn restriction(control: &CacheControl) -> Result<Option<u64>, NotStored> {
    if control.no_store {
        return Err(NotStored::NoStore);
    }
    if control.private {
        return Err(NotStored::Private);
    }
    if control.no_cache || !control.no_cache_fields.is_empty() {
        return Err(NotStored::NoCache);
    }
    match control.s_maxage.or(control.max_age) {
        Some(0) => Err(NotStored::MaxAgeZero),
        limit => Ok(limit),
    }
}

#[cfg(test)]
mod tests;
