//! What a trace answers when it is asked for a primitive.
//!
//! Types that validate (a date, a `NonZero`, an e-mail address) refuse most of them; those
//! that are likely to be taken stand first.

/// For every integer: 1 is a month, an ordinal of a day, and not zero.
pub(crate) const INTEGERS: &[u8] = &[1, 0, 2, 4, 8, 12, 16, 32, 42, 64, 100, 127];

/// For `f32` and `f64`.
pub(crate) const FLOATS: &[f32] = &[1.0, 0.0, 0.5, -1.0, 100.0];

/// For `bool`.
pub(crate) const BOOLS: &[bool] = &[false, true];

/// For `char`.
pub(crate) const CHARS: &[char] = &['a', 'A', '1', ' ', '/', '+'];

/// For strings.
pub(crate) const TEXTS: &[&str] = &[
    "1",
    "",
    "a",
    "A",
    "00000000-0000-4000-8000-000000000000",
    "a@example.com",
    "https://example.com/",
    "example.com",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "10.0.0.0/8",
    "2000-01-01",
    "2000-01-01T00:00:00Z",
    "2000-01-01T00:00:00",
    "2000-01-01 00:00:00",
    "2000-01-01T00:00:00+00:00[UTC]",
    "00:00:00",
    "Sat, 01 Jan 2000 00:00:00 GMT",
    "PT1S",
    "1s",
    "1.0.0",
    "USD",
    "en",
    "en-US",
    "UTC",
    "Europe/Berlin",
    "true",
    "/",
    "text/plain",
    "#ffffff",
    "+4930123456",
    "00000000000000000000000000",
    "0000000000000000000000000000000000000000",
    "AAAA",
];

/// Lengths of byte strings; the first is a `Uuid`'s.
pub(crate) const LENGTHS: &[u8] = &[16, 0, 1, 2, 4, 8, 12, 20, 24, 28, 32, 33, 48, 64];

/// What bytes may say that they are, to a type that asks them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Any {
    Nothing,
    Integer,
    Text,
    Flag,
    Float,
    List,
    Map,
}

/// For a type that asks the bytes.
pub(crate) const ANY: &[Any] = &[
    Any::Nothing,
    Any::Integer,
    Any::Text,
    Any::Flag,
    Any::Float,
    Any::List,
    Any::Map,
];
