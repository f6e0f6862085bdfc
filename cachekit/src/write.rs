//! The write path: the storing of one entry, and the code around functions that write.

pub(crate) mod annotated;
pub(crate) mod pending;
pub(crate) mod put;
pub(crate) mod write_guard;
pub(crate) mod written;
