//! Freshness lifetime of a response (RFC 9111, section 4.2).

use http::header::EXPIRES;
use http::{HeaderMap, StatusCode};

use super::age::date_of;
use super::cache_control::CacheControl;
use super::conditional::last_modified;
use super::date::parse_http_date;
use super::numbers::MAX_SECONDS;

/// Longest heuristic lifetime, in seconds.
const MAX_HEURISTIC: u64 = 24 * 3_600;

/// Time for which a response is fresh, counted from age zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) seconds: u64,
    /// `true` if the response does not state the lifetime.
    pub(crate) is_heuristic: bool,
}

impl Lifetime {
    pub(crate) fn explicit(seconds: u64) -> Self {
        let is_heuristic = false;
        Self {
            seconds,
            is_heuristic,
        }
    }

    pub(crate) fn heuristic(seconds: u64) -> Self {
        let is_heuristic = true;
        Self {
            seconds,
            is_heuristic,
        }
    }
}

/// Returns the lifetime that the response says: `s-maxage` in a shared cache, else `max-age`, else
/// `Expires` minus `Date` (RFC 9111, section 4.2.1). With several or wrong `Expires`, the lifetime
/// is zero. Without `Date`, the time of arrival is used.
pub(crate) fn explicit_lifetime(
    control: &CacheControl,
    headers: &HeaderMap,
    is_shared: bool,
    now_secs: u64,
) -> Option<u64> {
    let shared = control.s_maxage.filter(|_| is_shared);
    let said = shared.or(control.max_age);
    said.or_else(|| {
        let counts = !control.is_targeted && headers.contains_key(EXPIRES);
        counts.then(|| until_expires(headers, now_secs))
    })
}

fn until_expires(headers: &HeaderMap, now_secs: u64) -> u64 {
    let mut lines = headers.get_all(EXPIRES).iter();
    let first = lines.next().filter(|_| lines.next().is_none());
    let expires = first.and_then(|line| parse_http_date(line.as_bytes()));
    let date = date_of(headers).unwrap_or(now_secs);
    let lifetime = expires.map_or(0, |expires| expires.saturating_sub(date));
    lifetime.min(MAX_SECONDS)
}

/// Returns a tenth of the time from `Last-Modified` to `Date`, at most a day, for the statuses that
/// allow a heuristic and for `public` (RFC 9111, section 4.2.2).
pub(crate) fn heuristic_lifetime(
    status: StatusCode,
    control: &CacheControl,
    headers: &HeaderMap,
    now_secs: u64,
) -> Option<u64> {
    if !(control.public || is_heuristically_cacheable(status)) {
        return None;
    }
    let date = date_of(headers).unwrap_or(now_secs);
    let unchanged = date.saturating_sub(last_modified(headers)?);
    Some((unchanged / 10).min(MAX_HEURISTIC))
}

/// Returns `true` if a cache may choose the lifetime of responses with `status` (RFC 9110, section
/// 15.1). 206 is not one of them here, because parts are not stored.
pub(crate) fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

#[cfg(test)]
mod tests {
    use http::header::{DATE, LAST_MODIFIED};

    use super::super::date::format::format_http_date;
    use super::*;

    fn control(text: &str) -> CacheControl {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", text.parse().unwrap());
        CacheControl::of_response(&headers)
    }

    fn expires(lines: &[&str], date: Option<u64>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(EXPIRES, line.parse().unwrap());
        }
        if let Some(date) = date {
            headers.insert(DATE, format_http_date(date));
        }
        headers
    }

    fn explicit(text: &str, headers: &HeaderMap) -> Option<u64> {
        explicit_lifetime(&control(text), headers, true, 500)
    }

    #[test]
    fn the_order_of_what_counts() {
        let dated = expires(&["Thu, 01 Jan 1970 00:20:00 GMT"], Some(1_000));
        assert_eq!(explicit("max-age=5, s-maxage=9", &dated), Some(9));
        assert_eq!(explicit("max-age=5", &dated), Some(5));
        assert_eq!(explicit("max-age=0", &dated), Some(0));
        assert_eq!(explicit("public", &dated), Some(200));
        assert_eq!(explicit("public", &HeaderMap::new()), None);
        let private = explicit_lifetime(&control("max-age=5, s-maxage=9"), &dated, false, 0);
        assert_eq!(private, Some(5));
    }

    #[test]
    fn expires_of_all_kinds() {
        let later = "Thu, 01 Jan 1970 00:20:00 GMT";
        assert_eq!(explicit("", &expires(&[later], None)), Some(700));
        assert_eq!(explicit("", &expires(&[later], Some(5_000))), Some(0));
        assert_eq!(explicit("", &expires(&["0"], None)), Some(0));
        assert_eq!(explicit("", &expires(&[later, later], None)), Some(0));
        let last = "Fri, 31 Dec 9999 23:59:59 GMT";
        assert_eq!(explicit("", &expires(&[last], None)), Some(MAX_SECONDS));
    }

    #[test]
    fn a_targeted_field_replaces_expires() {
        let mut headers = expires(&["Thu, 01 Jan 1970 00:20:00 GMT"], None);
        headers.insert("cdn-cache-control", "public".parse().unwrap());
        let control = CacheControl::targeted(&headers).unwrap();
        assert_eq!(explicit_lifetime(&control, &headers, true, 500), None);
    }

    fn heuristic(status: u16, text: &str, modified: u64) -> Option<u64> {
        let mut headers = expires(&[], Some(1_000_000));
        headers.insert(LAST_MODIFIED, format_http_date(modified));
        let status = StatusCode::from_u16(status).unwrap();
        heuristic_lifetime(status, &control(text), &headers, 0)
    }

    #[test]
    fn heuristics() {
        assert_eq!(heuristic(200, "", 999_000), Some(100));
        assert_eq!(heuristic(200, "", 0), Some(MAX_HEURISTIC));
        assert_eq!(heuristic(200, "", 2_000_000), Some(0));
        for status in [203, 204, 300, 301, 308, 404, 405, 410, 414, 501] {
            assert_eq!(heuristic(status, "", 999_000), Some(100), "{status}");
        }
        for status in [201, 202, 206, 302, 307, 403, 502, 503, 504, 599] {
            assert_eq!(heuristic(status, "", 999_000), None, "{status}");
            assert_eq!(heuristic(status, "public", 999_000), Some(100), "{status}");
        }
        let none = heuristic_lifetime(StatusCode::OK, &control(""), &HeaderMap::new(), 9);
        assert_eq!(none, None);
    }
}
