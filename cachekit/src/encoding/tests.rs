//! Every kind of value by every codec.

#[cfg(all(test, feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod fuzz;
#[cfg(all(test, feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod round_trip;
