//! Conditional requests (RFC 9110, section 13; RFC 9111, section 4.3).

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
    SET_COOKIE,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::age::date_of;
use super::date::parse_http_date;
use super::etag::{EntityTag, TagList};

const CONDITIONS: [HeaderName; 5] = [
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    IF_RANGE,
];

/// Fields of the stored response that a 304 does not have.
const NOT_IN_304: [HeaderName; 7] = [
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    SET_COOKIE,
];

/// Result of the request's conditions for the stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// There is no condition that a cache evaluates.
    None,
    /// The client has the response: the answer is 304.
    NotModified,
    /// The client does not have the response.
    Modified,
}

/// Evaluates `If-None-Match` or, without it, `If-Modified-Since` (RFC 9111, section 4.3.2).
pub(crate) fn evaluate(
    method: &Method,
    request_headers: &HeaderMap,
    status: StatusCode,
    stored_headers: &HeaderMap,
) -> Precondition {
    if status != StatusCode::OK || !(method == Method::GET || method == Method::HEAD) {
        return Precondition::None;
    }
    let is_current = match TagList::of(request_headers, &IF_NONE_MATCH) {
        Some(tags) => tags.has_weak_match(EntityTag::of(stored_headers)),
        None => match modified_since(request_headers) {
            Some(since) => modified_at(stored_headers).is_some_and(|at| at <= since),
            None => return Precondition::None,
        },
    };
    if is_current {
        Precondition::NotModified
    } else {
        Precondition::Modified
    }
}

/// Returns the time of `If-Modified-Since`, if the field is one valid date.
fn modified_since(headers: &HeaderMap) -> Option<u64> {
    let mut lines = headers.get_all(IF_MODIFIED_SINCE).iter();
    let first = lines.next()?;
    lines.next().is_none().then_some(())?;
    parse_http_date(first.as_bytes())
}

/// Returns the time of `Last-Modified`, else that of `Date`.
fn modified_at(headers: &HeaderMap) -> Option<u64> {
    last_modified(headers).or_else(|| date_of(headers))
}

/// Returns the time of `Last-Modified`.
pub(crate) fn last_modified(headers: &HeaderMap) -> Option<u64> {
    parse_http_date(headers.get(LAST_MODIFIED)?.as_bytes())
}

/// Returns `true` if the request has a condition that a cache must not evaluate (RFC 9111, section
/// 4.3.2), or `If-Range` without `Range`.
pub(crate) fn must_bypass(headers: &HeaderMap) -> bool {
    headers.contains_key(IF_MATCH)
        || headers.contains_key(IF_UNMODIFIED_SINCE)
        || (headers.contains_key(IF_RANGE) && !headers.contains_key(RANGE))
}

/// Removes all conditions. The caller also removes `Range`, which would not be safe without
/// `If-Range`, if the response shall be complete.
pub(crate) fn remove_conditions(headers: &mut HeaderMap) {
    for name in &CONDITIONS {
        headers.remove(name);
    }
}

/// Makes the request a validation of a stored response (RFC 9111, section 4.3.1). Returns `false`
/// if the response has no validator.
pub(crate) fn add_validators(headers: &mut HeaderMap, stored_headers: &HeaderMap) -> bool {
    let mut any = false;
    for (name, validator) in [(IF_NONE_MATCH, ETAG), (IF_MODIFIED_SINCE, LAST_MODIFIED)] {
        if let Some(value) = stored_headers.get(validator) {
            any |= headers.try_insert(name, value.clone()).is_ok();
        }
    }
    any
}

/// Returns `true` if the response has a validator.
pub(crate) fn has_validators(headers: &HeaderMap) -> bool {
    headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED)
}

/// Returns the fields of a 304 for a stored response: all except those about its content (RFC 9110,
/// section 15.4.5).
pub(crate) fn not_modified_headers(stored_headers: &HeaderMap) -> HeaderMap {
    let mut headers = stored_headers.clone();
    for name in &NOT_IN_304 {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests;
