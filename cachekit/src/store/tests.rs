//! Tests of the port to a shared store: a store in memory, and the conformance cases that every
//! adapter must pass.

#[cfg(test)]
#[cfg(all(feature = "redis", cachekit_faults))]
pub(crate) mod conformance;
#[cfg(cachekit_faults)]
pub(crate) mod fake;
