//! Sample values, which a schema trace (a trial deserialization) gives to a type that asks its
//! deserializer for a primitive.
//!
//! A type that validates its values (a date, a `NonZero`, an e-mail address) rejects most sample
//! values. In each list, the sample values that are likeliest to be accepted come first.

/// Sample values for every type of integer, from which a type is deserialized to learn its fields.
/// The first is 1, because 1 is not zero, and also the number of a month and of a day.
pub(crate) const INTEGERS: &[u8] = &[1, 0, 2, 4, 8, 12, 16, 32, 42, 64, 100, 127];

/// Sample values for `f32` and `f64`, from which a type is deserialized to learn its fields.
pub(crate) const FLOATS: &[f32] = &[1.0, 0.0, 0.5, -1.0, 100.0];

/// Sample values for `bool`, from which a type is deserialized to learn its fields.
pub(crate) const BOOLS: &[bool] = &[false, true];

/// Sample values for `char`, from which a type is deserialized to learn its fields.
pub(crate) const CHARS: &[char] = &['a', 'A', '1', ' ', '/', '+'];

/// Sample values for strings, from which a type is deserialized to learn its fields. Among the
/// values are dates, addresses and identifiers, for types that parse a string.
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

/// Lengths in bytes of the sample values for byte strings, from which a type is deserialized to
/// learn its fields. The first length is that of a `Uuid`.
pub(crate) const LENGTHS: &[u8] = &[16, 0, 1, 2, 4, 8, 12, 20, 24, 28, 32, 33, 48, 64];

/// A kind of sample value for a type that accepts any value (`deserialize_any`), such as a
/// `serde_json::Value`.
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

/// Kinds of sample values that a type that accepts any value (`deserialize_any`) gets, one after
/// the other, until the type accepts one.
pub(crate) const ANY: &[Any] = &[
    Any::Nothing,
    Any::Integer,
    Any::Text,
    Any::Flag,
    Any::Float,
    Any::List,
    Any::Map,
];
