//! Values and bytes for the fuzzer.

#[cfg(all(feature = "seeded-faults", feature = "serde"))]
pub(crate) mod fuzz_any;
#[cfg(all(feature = "seeded-faults", feature = "serde"))]
pub(crate) mod fuzz_codec;
#[cfg(all(feature = "seeded-faults", feature = "serde"))]
pub(crate) mod fuzz_values;
