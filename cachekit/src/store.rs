//! The port to a store that processes share, and its adapters.

pub(crate) mod event;
pub(crate) mod examination;
pub(crate) mod failure;
pub(crate) mod fencing_token;
pub(crate) mod key_name;
pub(crate) mod message;
pub(crate) mod port;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(cachekit_faults)]
pub(crate) mod tests;
pub(crate) mod write_mark;
