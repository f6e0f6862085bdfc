//! HTTP dates as text, for tests.

use http::HeaderValue;

use super::{MONTHS, SECONDS_PER_DAY, days_before_year, days_of_month};

/// Last second of the year 9999, the last that an HTTP date can be.
pub(crate) const LAST: u64 = 253_402_300_799;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Returns a Unix time as an IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`. A time after the
/// year 9999 becomes the last second of that year.
pub(crate) fn format_http_date(unix_time: u64) -> HeaderValue {
    let unix_time = unix_time.min(LAST);
    let days = unix_time / SECONDS_PER_DAY;
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (unix_time / 3_600 % 24, unix_time / 60 % 60, unix_time % 60);
    let weekday = name(&WEEKDAYS, days % 7);
    let month = name(&MONTHS, month - 1);
    let text =
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
        .unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

fn name<'a>(names: &[&'a str], index: u64) -> &'a str {
    let found = usize::try_from(index).ok().and_then(|at| names.get(at));
    found.copied().unwrap_or_default()
}

/// Returns year, month and day of a number of days since the epoch.
fn civil_date(days: u64) -> (u64, u64, u64) {
    // The estimate is never too small, and at most one year too large.
    let mut year = 1970 + days / 365;
    while days_before_year(year) > days {
        year -= 1;
    }
    let mut rest = days - days_before_year(year);
    let mut month = 1;
    while rest >= days_of_month(year, month) {
        rest -= days_of_month(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}
