//! Parser for durations as text: `300` (seconds), `5m`, `1h30m`, `500ms`, `1w`.
//!
//! Attributes and environment variables accept the same texts. The two crates that read them cannot
//! share code, so each has a copy of this file. `tests/architecture` checks that the copies are
//! equal.

use std::time::Duration;

/// Units of durations with their lengths in milliseconds. `ms` comes before `m`, so that `ms` is
/// not read as `m`.
const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Parses a duration. The `Err` is a message that names the mistake in the text.
pub(crate) fn parse_length(text: &str) -> Result<Duration, &'static str> {
    let mut rest = text;
    let mut millis: u64 = 0;
    if rest.is_empty() {
        return Err("it is empty");
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if digits == 0 {
            return Err("a number was expected");
        }
        let (number, behind) = rest.split_at(digits);
        let is_all = number.len() == text.len();
        let (unit, factor) = match UNITS.iter().find(|(unit, _)| behind.starts_with(unit)) {
            Some(unit) => *unit,
            None if is_all => ("", 1_000),
            None if behind.is_empty() => return Err("the last number has no unit"),
            None => return Err("the units are `ms`, `s`, `m`, `h`, `d` and `w`"),
        };
        let amount: u64 = number.parse().map_err(|_| "a number is too large")?;
        millis = amount
            .checked_mul(factor)
            .and_then(|part| millis.checked_add(part))
            .ok_or("it is too long")?;
        rest = &behind[unit.len()..];
    }
    Ok(Duration::from_millis(millis))
}

/// Texts of durations, each with its length in milliseconds or with the message about its mistake.
#[cfg(test)]
pub(crate) const CASES: &[(&str, Result<u64, &str>)] = &[
    ("300", Ok(300_000)),
    ("500ms", Ok(500)),
    ("30s", Ok(30_000)),
    ("5m", Ok(300_000)),
    ("1h30m", Ok(5_400_000)),
    ("2d", Ok(172_800_000)),
    ("1w", Ok(604_800_000)),
    ("1w1d", Ok(691_200_000)),
    ("1m1ms", Ok(60_001)),
    ("m", Err("a number was expected")),
    ("-1", Err("a number was expected")),
    ("1h30", Err("the last number has no unit")),
    ("1.5h", Err("the units are")),
    ("5 m", Err("the units are")),
    ("5y", Err("the units are")),
    ("5M", Err("the units are")),
    ("99999999999999999999s", Err("a number is too large")),
    ("99999999999999999999", Err("a number is too large")),
    ("18446744073709551615", Err("it is too long")),
    ("18446744073709551615d", Err("it is too long")),
];

#[cfg(test)]
#[test]
fn lengths_are_read() {
    assert_eq!(parse_length(""), Err("it is empty"));
    for (text, expected) in CASES {
        match (parse_length(text), expected) {
            (Ok(length), Ok(millis)) => {
                assert_eq!(length, Duration::from_millis(*millis), "{text}");
            }
            (Err(found), Err(reason)) => assert!(found.starts_with(reason), "{text}: {found}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    }
}
