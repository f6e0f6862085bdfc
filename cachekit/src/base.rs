//! Basic modules that every other module may use, and that use no other module of the crate.

pub(crate) mod batcher;
pub(crate) mod block_on;
pub(crate) mod clock;
pub(crate) mod counter;
pub(crate) mod durations;
pub(crate) mod error;
pub(crate) mod fault;
pub(crate) mod file_lock;
pub(crate) mod home_runtime;
pub(crate) mod in_time;
#[cfg(feature = "redis")]
pub(crate) mod join;
pub(crate) mod random;
pub(crate) mod runtime;
pub(crate) mod select;
pub(crate) mod spelling;
pub(crate) mod sync;
pub(crate) mod trace;
pub(crate) mod unknown_word;
