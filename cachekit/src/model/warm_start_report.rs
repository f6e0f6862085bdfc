//! The report of a warm start.

use std::time::Duration;

/// The report of a warm start of one function: of the entries that were loaded from Redis into
/// memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WarmStartReport {
    /// Keys that Redis remembered.
    pub remembered: usize,
    /// Keys whose entries are in memory now.
    pub loaded: usize,
    /// Keys whose entries could not be read, because Redis failed or did not answer in time. All
    /// other keys that were not loaded have no valid entry in Redis.
    pub failed: usize,
    /// Time from the first poll to the end.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub elapsed: Duration,
}
