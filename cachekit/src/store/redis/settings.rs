//! The settings of a cache that the adapter needs.

use crate::base::fault::Faults;

/// Which Redis, and how it is used.
pub(crate) struct RedisSettings<'a> {
    pub(crate) url: &'a str,
    pub(crate) password: Option<&'a str>,
    pub(crate) namespace: &'a str,
    /// A server may hold whichever data set.
    pub(crate) any_origin: bool,
    pub(crate) faults: Faults,
}
