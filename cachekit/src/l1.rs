//! The memory of this process (L1), and the thread-local tables (L0) in which a call looks first.

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
