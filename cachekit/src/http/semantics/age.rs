//! The age of a response at its arrival (RFC 9111, sections 4.2.3 and 5.1).

use http::HeaderMap;
use http::header::{AGE, DATE};

use super::date::parse_http_date;
use super::lists::members;
use super::numbers::{MAX_SECONDS, delta_seconds};

/// Returns the first member of `Age`, or zero if that is no number of seconds (RFC 9111, section
/// 5.1).
pub(crate) fn age_of(headers: &HeaderMap) -> u64 {
    let first = members(headers, &AGE).next();
    first.and_then(delta_seconds).unwrap_or(0)
}

/// Returns the age of a response that arrived at the Unix time `received_at_secs`,
/// `response_delay_secs` after its request (`corrected_initial_age` of RFC 9111, section 4.2.3).
pub(crate) fn initial_age(
    headers: &HeaderMap,
    received_at_secs: u64,
    response_delay_secs: u64,
) -> u64 {
    let date = date_of(headers).unwrap_or(received_at_secs);
    let apparent = received_at_secs.saturating_sub(date);
    let corrected = age_of(headers).saturating_add(response_delay_secs);
    apparent.max(corrected).min(MAX_SECONDS)
}

/// Returns the Unix time of `Date`.
pub(crate) fn date_of(headers: &HeaderMap) -> Option<u64> {
    parse_http_date(headers.get(DATE)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::date::format::format_http_date;
    use super::*;

    fn aged(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AGE, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_first_age_counts() {
        for (lines, age) in [
            (&["7200, 0"][..], 7_200),
            (&["0, 7200"], 0),
            (&["0", "7200"], 0),
            (&["7200", "0"], 7_200),
            (&["2147483649"], MAX_SECONDS),
            (&[], 0),
        ] {
            assert_eq!(age_of(&aged(lines)), age, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_ignored() {
        for line in ["abc", "-7200", "7200.0", "7200;foo=bar", ""] {
            assert_eq!(age_of(&aged(&[line])), 0, "{line}");
        }
    }

    #[test]
    fn the_larger_age_counts() {
        let mut headers = aged(&["30"]);
        assert_eq!(initial_age(&headers, 1_000, 2), 32);
        headers.insert(DATE, format_http_date(900));
        assert_eq!(initial_age(&headers, 1_000, 2), 100);
        headers.insert(DATE, format_http_date(2_000));
        assert_eq!(initial_age(&headers, 1_000, 2), 32);
    }

    #[test]
    fn ages_saturate() {
        let mut headers = aged(&["99999999999999999999"]);
        headers.insert(DATE, format_http_date(0));
        assert_eq!(initial_age(&headers, u64::MAX, u64::MAX), MAX_SECONDS);
    }
}
