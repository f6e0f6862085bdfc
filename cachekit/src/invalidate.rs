//! Invalidations.

pub(crate) mod apply;
pub(crate) mod deferred;
pub(crate) mod heard;
pub(crate) mod request;
