//! Invalidations.

pub(crate) mod apply;
pub(crate) mod deferred;
