//! The types that applications hold, and their operations.

#[cfg(feature = "serde")]
pub(crate) mod answering;
pub(crate) mod builder;
pub(crate) mod cache;
pub(crate) mod entry;
pub(crate) mod function_handle;
pub(crate) mod get_or_compute;
pub(crate) mod hot_keys;
pub(crate) mod invalidation_builder;
pub(crate) mod low_hit_rate;
pub(crate) mod region;
pub(crate) mod registry;
pub(crate) mod replicated_entry;
pub(crate) mod settings;
pub(crate) mod shutdown;
pub(crate) mod warm_start;
pub(crate) mod writing;
