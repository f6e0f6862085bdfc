//! The two modes of an invalidation.

/// Hard, or soft (a "soft purge").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum InvalidationMode {
    /// Entries are removed.
    #[default]
    Hard,
    /// Entries become stale, and may still be served where stale values are.
    Soft,
}
