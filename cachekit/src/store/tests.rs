//! Tests of the port: a store in memory, and the conformance cases that every adapter passes.

#[cfg(test)]
#[cfg(all(feature = "redis", cachekit_faults))]
pub(crate) mod conformance;
#[cfg(cachekit_faults)]
pub(crate) mod fake;
