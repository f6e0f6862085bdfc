//! Checks of all requests, and header fields of all responses.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::dashboard::answer::Refusal;
use crate::dashboard::session::Keys;
use crate::dashboard::state::Dashboard;

/// Name of the cookie with the session.
pub(crate) const COOKIE_NAME: &str = "cachekit_dashboard";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Header fields of every response. The page loads nothing from elsewhere, runs no code but its own
/// file, and is in no frame.
const FIELDS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Refuses requests that may come from another site, and adds the header fields to every response.
pub(crate) async fn protect(request: Request, next: Next) -> Response {
    let mut response = match check_site(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in FIELDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Refuses requests without the token and without a session.
pub(crate) async fn require_token(
    State(dashboard): State<Arc<Dashboard>>,
    request: Request,
    next: Next,
) -> Response {
    if is_allowed(&dashboard.keys, request.headers()) {
        return next.run(request).await;
    }
    let reason =
        "send the dashboard's token as `Authorization: Bearer TOKEN`, or log in on the page";
    Refusal(StatusCode::UNAUTHORIZED, reason).into_response()
}

/// Returns `true` if a request with `headers` has the token or a session.
pub(crate) fn is_allowed(keys: &Keys, headers: &HeaderMap) -> bool {
    let bearer = text(headers, &AUTHORIZATION).and_then(|it| it.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.is_some_and(|(_, token)| keys.is_token(token.trim()))
        || sessions(headers).any(|it| keys.is_session(it, since_1970()))
}

/// Returns the time since 1970.
pub(crate) fn since_1970() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

fn sessions(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let fields = headers.get_all(COOKIE).into_iter();
    let pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'));
    pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME).then_some(value)
    })
}

/// Checks that a request that may change something does not come from another site, in whose name a
/// browser would send the cookie. A form of another site cannot send JSON.
fn check_site(request: &Request) -> Result<(), Refusal> {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Ok(());
    }
    let headers = request.headers();
    let site = headers.get(SEC_FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        let reason = "the request comes from another site (`Sec-Fetch-Site`)";
        return Err(Refusal(StatusCode::FORBIDDEN, reason));
    }
    if headers.contains_key(ORIGIN) && !is_own_origin(headers, request.uri()) {
        let reason = "the request comes from another site: `Origin` and `Host` differ; a proxy in front \
                      must pass `Host` on unchanged";
        return Err(Refusal(StatusCode::FORBIDDEN, reason));
    }
    let kind = text(headers, &CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let reason = "send the body as `Content-Type: application/json`";
        return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
    }
    Ok(())
}

/// Returns `true` if the host and port in `Origin` are those that the request was sent to. An HTTP/2
/// request may have these in its address only.
fn is_own_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = text(headers, &HOST).or_else(|| uri.authority().map(Authority::as_str));
    let origin = text(headers, &ORIGIN).and_then(|it| it.split_once("://"));
    match (origin, host) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Returns `true` if the browser loaded the page by `https`, so that the cookie must not be sent by
/// `http`.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    text(headers, &ORIGIN).is_some_and(|it| it.starts_with("https://"))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
