//! Tests of the port: a store in memory, and the conformance cases that every adapter passes.

#[cfg(test)]
#[cfg(all(feature = "redis", feature = "seeded-faults"))]
pub(crate) mod conformance;
#[cfg(feature = "seeded-faults")]
pub(crate) mod fake;
