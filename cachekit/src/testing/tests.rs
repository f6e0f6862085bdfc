//! Support for this project's own tests: hooks, and values and bytes for the fuzzer.

#[cfg(feature = "serde")]
pub(crate) mod fuzz_any;
#[cfg(feature = "serde")]
pub(crate) mod fuzz_codec;
#[cfg(feature = "serde")]
pub(crate) mod fuzz_values;
pub(crate) mod hooks;
