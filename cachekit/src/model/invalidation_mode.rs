//! The two modes of an invalidation.

/// Mode of an invalidation: hard, or soft (a "soft purge").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum InvalidationMode {
    /// Entries become unusable: no call is served an invalidated entry.
    #[default]
    Hard,
    /// Entries become stale. Stale entries are still served to calls whose options allow it
    /// (`stale`, `stale_if_error` or `soft_timeout`).
    Soft,
}
