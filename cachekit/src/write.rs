//! Writes of one entry, and what surrounds a function that writes.

pub(crate) mod annotated;
pub(crate) mod pending;
pub(crate) mod put;
pub(crate) mod write_guard;
pub(crate) mod written;
