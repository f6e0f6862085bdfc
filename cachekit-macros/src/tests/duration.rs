//! Durations as written.

use std::time::Duration;

use crate::attr::parse_duration;

#[test]
fn units_add_up() {
    let cases = [
        ("500ms", 500),
        ("30s", 30_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("2d", 172_800_000),
        ("1w", 604_800_000),
        ("1m1ms", 60_001),
    ];
    for (text, millis) in cases {
        assert_eq!(
            parse_duration(text),
            Ok(Duration::from_millis(millis)),
            "{text}"
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        ("", "it is empty"),
        ("5", "the last number has no unit"),
        ("m", "a number was expected"),
        ("5 m", "the units are"),
        ("5y", "the units are"),
        ("99999999999999999999s", "a number is too large"),
        ("18446744073709551615d", "it is too long"),
    ];
    for (text, reason) in cases {
        let message = parse_duration(text).expect_err(text);
        assert!(message.contains(reason), "{text}: {message}");
    }
}
