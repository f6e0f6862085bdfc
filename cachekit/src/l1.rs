//! The first tier (L1): memory, with a thread-local table (L0) in front of it.

pub(crate) mod engine;
pub(crate) mod generations;
pub(crate) mod hot_keys;
pub(crate) mod memory;
pub(crate) mod moka_engine;
#[cfg(feature = "quick_cache")]
pub(crate) mod quick_cache_engine;
#[cfg(test)]
mod tests;
pub(crate) mod thread_cache;
