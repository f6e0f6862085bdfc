//! The shared state of one cache.

pub(crate) mod build_entry;
pub(crate) mod function_memories;
pub(crate) mod state;
