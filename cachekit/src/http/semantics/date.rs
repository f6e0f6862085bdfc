//! HTTP dates (RFC 9110, section 5.6.7).

use super::lists::trim;
use super::numbers::digits;

const SECONDS_PER_DAY: u64 = 86_400;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Returns the Unix time of a date in one of the three formats of RFC 9110. A date before 1970 is
/// zero. The weekday is not checked, and upper and lower case are the same.
pub(crate) fn parse_http_date(text: &[u8]) -> Option<u64> {
    let mut words = trim(text).split(|byte| *byte == b' ');
    let weekday = words.next()?;
    if let Some(name) = weekday.strip_suffix(b",") {
        is_weekday(name).then_some(())?;
        return after_comma(words);
    }
    is_weekday(weekday).then_some(())?;
    asctime(words)
}

fn is_weekday(name: &[u8]) -> bool {
    (3..=9).contains(&name.len()) && name.iter().all(u8::is_ascii_alphabetic)
}

/// Reads `06 Nov 1994 08:49:37 GMT` and `06-Nov-94 08:49:37 GMT`.
fn after_comma<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    let first = words.next()?;
    let (day, month, year) = if first.len() == 2 {
        (first, words.next()?, number(words.next()?, 4)?)
    } else {
        let mut parts = first.split(|byte| *byte == b'-');
        let date = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some(())?;
        (date.0, date.1, century(number(date.2, 2)?))
    };
    let time = words.next()?;
    let is_gmt = words.next()?.eq_ignore_ascii_case(b"GMT") && words.next().is_none();
    is_gmt.then_some(())?;
    unix_time(year, month, number(day, 2)?, time)
}

/// Reads `Nov  6 08:49:37 1994`.
fn asctime<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    let month = words.next()?;
    let first = words.next()?;
    let day = if first.is_empty() {
        number(words.next()?, 1)?
    } else {
        number(first, 2)?
    };
    let time = words.next()?;
    let year = number(words.next()?, 4)?;
    words.next().is_none().then_some(())?;
    unix_time(year, month, day, time)
}

/// Returns the year from 1970 to 2069 that ends with these two digits. No clock is asked for this.
fn century(year: u64) -> u64 {
    year + if year < 70 { 2_000 } else { 1_900 }
}

/// Returns the number that `text` is, if it has `length` digits.
fn number(text: &[u8], length: usize) -> Option<u64> {
    (text.len() == length).then(|| digits(text))?
}

fn unix_time(year: u64, month: &[u8], day: u64, time: &[u8]) -> Option<u64> {
    let is_named = |name: &&str| name.as_bytes().eq_ignore_ascii_case(month);
    let month = MONTHS.iter().position(is_named)?;
    let month = u64::try_from(month).ok()? + 1;
    let is_day = (1..=days_of_month(year, month)).contains(&day);
    is_day.then_some(())?;
    let second = second_of_day(time)?;
    if year < 1970 {
        return Some(0);
    }
    Some(days_since_epoch(year, month, day) * SECONDS_PER_DAY + second)
}

/// Reads `08:49:37`. A leap second counts as the second before it.
fn second_of_day(time: &[u8]) -> Option<u64> {
    let mut parts = time.split(|byte| *byte == b':');
    let mut part = || number(parts.next()?, 2);
    let (hour, minute, second) = (part()?, part()?, part()?);
    let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    is_time.then(|| hour * 3_600 + minute * 60 + second.min(59))
}

fn is_leap_year(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the number of days from 1 January 1970 to 1 January of `year`, which is not earlier.
fn days_before_year(year: u64) -> u64 {
    let leap_years = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leap_years(year - 1) - leap_years(1969)
}

fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let earlier_months = (1..month).map(|month| days_of_month(year, month));
    days_before_year(year) + earlier_months.sum::<u64>() + day - 1
}

#[cfg(test)]
pub(crate) mod format;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::format::{LAST, format_http_date};
    use super::*;

    fn parse(text: &str) -> Option<u64> {
        parse_http_date(text.as_bytes())
    }

    #[test]
    fn the_three_formats() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            " SUN, 06 nov 1994 08:49:37 gmt ",
            "Mon, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), Some(784_111_777), "{text}");
        }
        assert_eq!(parse("Thu Aug 18 02:01:18 2050"), Some(2_544_400_878));
        assert_eq!(
            parse("Thursday, 18-Aug-50 02:01:18 GMT"),
            Some(2_544_400_878)
        );
    }

    #[test]
    fn other_formats_are_none() {
        for text in [
            "",
            "0",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 2050 02:01:18 AEST",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 GMT x",
            "Thu, 18 Aug 2050 24:01:18 GMT",
            "Thu, 31 Feb 2050 02:01:18 GMT",
            "Thu, 00 Feb 2050 02:01:18 GMT",
            "Thu, 18-Aug-50-1 02:01:18 GMT",
            "1hu, 18 Aug 2050 02:01:18 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn leap_days_and_the_past() {
        assert_eq!(parse("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(parse("Thu, 29 Feb 2100 00:00:00 GMT"), None);
        assert_eq!(parse("Mon, 01 Jan 1900 00:00:00 GMT"), Some(0));
        assert_eq!(parse("Mon, 01 Jan 0000 00:00:00 GMT"), Some(0));
        assert_eq!(parse("Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_799));
    }

    #[test]
    fn formatted_dates() {
        assert_eq!(
            format_http_date(784_111_777),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        assert_eq!(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format_http_date(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    proptest! {
        #[test]
        fn a_formatted_date_is_read_back(time in 0..=LAST) {
            prop_assert_eq!(parse_http_date(format_http_date(time).as_bytes()), Some(time));
        }

        #[test]
        fn no_text_panics(text: Vec<u8>, part in "[ ,:0-9A-Za-z-]{0,40}") {
            let _ = (parse_http_date(&text), parse(&part));
        }
    }
}
