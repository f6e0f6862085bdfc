//! Tests of all codecs with many kinds of values and with arbitrary bytes.

#[cfg(all(test, feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod fuzz;
#[cfg(all(test, feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod round_trip;
