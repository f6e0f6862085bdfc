//! Ranges of a stored response (RFC 9110, section 14; RFC 9111, section 3.3).

use bytes::Bytes;
use http::header::{IF_RANGE, RANGE};
use http::{HeaderMap, HeaderValue, Method};

use super::age::date_of;
use super::conditional::last_modified;
use super::date::parse_http_date;
use super::etag::EntityTag;
use super::lists::{line_members, trim};
use super::numbers::digits;

/// Answer of a stored 200 to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeAnswer {
    /// The complete response: 200.
    Full,
    /// Bytes from `start` to `end`, the last one included: 206.
    Part { start: u64, end: u64 },
    /// 416.
    Unsatisfiable,
}

impl RangeAnswer {
    /// Returns `Content-Range` for a body of `len` bytes (RFC 9110, section 14.4). `None`: the
    /// answer is complete.
    pub(crate) fn content_range(self, len: u64) -> Option<HeaderValue> {
        let text = match self {
            Self::Full => return None,
            Self::Part { start, end } => format!("bytes {start}-{end}/{len}"),
            Self::Unsatisfiable => format!("bytes */{len}"),
        };
        HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
    }
}

/// Selects the part of a stored 200 with a body of `len` bytes that a request asks for. Requests
/// for several ranges, other units or with wrong syntax are answered completely.
pub(crate) fn select(
    method: &Method,
    request_headers: &HeaderMap,
    stored_headers: &HeaderMap,
    len: u64,
) -> RangeAnswer {
    if method != Method::GET || !if_range_holds(request_headers, stored_headers) {
        return RangeAnswer::Full;
    }
    match only_range(request_headers).and_then(Range::parse) {
        Some(range) => range.of(len),
        None => RangeAnswer::Full,
    }
}

/// Returns `true` if there is no `If-Range`, or one that is strongly equal to the response's
/// validator (RFC 9110, section 13.1.5).
fn if_range_holds(request_headers: &HeaderMap, stored_headers: &HeaderMap) -> bool {
    let mut lines = request_headers.get_all(IF_RANGE).iter();
    let Some(value) = lines.next() else {
        return true;
    };
    if lines.next().is_some() {
        return false;
    }
    if let Some(tag) = EntityTag::parse(value.as_bytes()) {
        return EntityTag::of(stored_headers).is_some_and(|stored| stored.matches_strongly(tag));
    }
    let wanted = parse_http_date(value.as_bytes());
    wanted.is_some() && wanted == strong_last_modified(stored_headers)
}

/// Returns the time of `Last-Modified`, unless the response could have changed in the same second
/// (RFC 9110, section 8.8.2.2).
fn strong_last_modified(headers: &HeaderMap) -> Option<u64> {
    let modified = last_modified(headers)?;
    let is_strong = date_of(headers).is_none_or(|date| date > modified);
    is_strong.then_some(modified)
}

/// Returns the text of the only range of bytes.
fn only_range(headers: &HeaderMap) -> Option<&[u8]> {
    let mut lines = headers.get_all(RANGE).iter();
    let line = trim(lines.next()?.as_bytes());
    lines.next().is_none().then_some(())?;
    let (unit, set) = line.split_at_checked(b"bytes=".len())?;
    unit.eq_ignore_ascii_case(b"bytes=").then_some(())?;
    let mut ranges = line_members(set);
    let range = ranges.next()?;
    ranges.next().is_none().then_some(range)
}

/// A range as the request says it.
enum Range {
    /// `first-` or `first-last`.
    From(u64, Option<u64>),
    /// `-length`.
    Suffix(u64),
}

impl Range {
    fn parse(text: &[u8]) -> Option<Self> {
        let dash = text.iter().position(|byte| *byte == b'-')?;
        let (first, last) = (text.get(..dash)?, text.get(dash + 1..)?);
        if first.is_empty() {
            return Some(Self::Suffix(digits(last)?));
        }
        let first = digits(first)?;
        if last.is_empty() {
            return Some(Self::From(first, None));
        }
        let last = digits(last)?;
        (first <= last).then_some(Self::From(first, Some(last)))
    }

    /// Returns the bytes of a body of `len` bytes that are in the range.
    fn of(self, len: u64) -> RangeAnswer {
        let Some(last) = len.checked_sub(1) else {
            return RangeAnswer::Unsatisfiable;
        };
        let (start, end) = match self {
            Self::From(first, end) => (first, end.unwrap_or(last).min(last)),
            Self::Suffix(length) => (len.saturating_sub(length), last),
        };
        if start > last {
            return RangeAnswer::Unsatisfiable;
        }
        RangeAnswer::Part { start, end }
    }
}

#[cfg(test)]
mod tests;
