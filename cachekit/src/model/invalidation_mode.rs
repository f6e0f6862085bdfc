//! How something is invalidated.

/// Hard or soft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum InvalidationMode {
    /// It is gone.
    #[default]
    Hard,
    /// It is not fresh any more, and left for what old values are for.
    Soft,
}
