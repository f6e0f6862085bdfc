//! Answers of a trace to a request for a primitive.
//!
//! Types that validate (a date, a `NonZero`, an e-mail address) reject most of them. The likeliest
//! to be accepted come first.

/// Samples of every integer: 1 is a month, an ordinal of a day, and not zero.
pub(crate) const INTEGERS: &[u8] = &[1, 0, 2, 4, 8, 12, 16, 32, 42, 64, 100, 127];

/// Samples of `f32` and `f64`.
pub(crate) const FLOATS: &[f32] = &[1.0, 0.0, 0.5, -1.0, 100.0];

/// Samples of `bool`.
pub(crate) const BOOLS: &[bool] = &[false, true];

/// Samples of `char`.
pub(crate) const CHARS: &[char] = &['a', 'A', '1', ' ', '/', '+'];

/// Samples of strings.
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

/// A kind of value that bytes claim to be, to a type that asks them.
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

/// Samples for a type that asks the bytes.
pub(crate) const ANY: &[Any] = &[
    Any::Nothing,
    Any::Integer,
    Any::Text,
    Any::Flag,
    Any::Float,
    Any::List,
    Any::Map,
];
