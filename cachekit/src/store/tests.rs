//! Tests of the port: a store in memory, and what every adapter promises.

#[cfg(test)]
#[cfg(all(feature = "redis", feature = "seeded-faults"))]
pub(crate) mod conformance;
#[cfg(feature = "seeded-faults")]
pub(crate) mod fake;
