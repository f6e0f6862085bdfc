//! Tests of the port: a store in memory, and what every adapter promises.

#[cfg(test)]
#[cfg(all(feature = "redis", cachekit_faults))]
pub(crate) mod conformance;
#[cfg(cachekit_faults)]
pub(crate) mod fake;
