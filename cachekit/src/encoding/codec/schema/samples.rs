//! Samples: the values that a trace gives to a type that asks for a primitive.
//!
//! A type that validates its values (a date, a `NonZero`, an e-mail address) rejects most samples.
//! In each list, the samples that are likeliest to be accepted come first.

/// Samples for every type of integer. The first sample is 1, because 1 is a month, an ordinal of a
/// day, and not zero.
pub(crate) const INTEGERS: &[u8] = &[1, 0, 2, 4, 8, 12, 16, 32, 42, 64, 100, 127];

/// Samples for `f32` and `f64`.
pub(crate) const FLOATS: &[f32] = &[1.0, 0.0, 0.5, -1.0, 100.0];

/// Samples for `bool`.
pub(crate) const BOOLS: &[bool] = &[false, true];

/// Samples for `char`.
pub(crate) const CHARS: &[char] = &['a', 'A', '1', ' ', '/', '+'];

/// Samples for strings, among them dates, addresses and identifiers, for types that parse a string.
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

/// Lengths in bytes of the samples for byte strings. The first length is that of a `Uuid`.
pub(crate) const LENGTHS: &[u8] = &[16, 0, 1, 2, 4, 8, 12, 20, 24, 28, 32, 33, 48, 64];

/// A kind of value that a trace claims to find in the bytes, for a type that asks which kind they
/// contain.
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

/// Samples for a type that asks which kind of value the bytes contain.
pub(crate) const ANY: &[Any] = &[
    Any::Nothing,
    Any::Integer,
    Any::Text,
    Any::Flag,
    Any::Float,
    Any::List,
    Any::Map,
];
