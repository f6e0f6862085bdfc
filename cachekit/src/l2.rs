//! The shared tier (L2): the store with its circuit breaker, the outbox for invalidations, and the
//! bus between nodes.

pub(crate) mod breaker_store;
pub(crate) mod bus;
pub(crate) mod circuit_breaker;
pub(crate) mod encrypted_store;
pub(crate) mod entry_keys;
pub(crate) mod invalidation_batcher;
pub(crate) mod invalidation_targets;
pub(crate) mod open_writes;
pub(crate) mod outbox;
pub(crate) mod outbox_file;
pub(crate) mod recovery;
pub(crate) mod removal;
pub(crate) mod send_invalidation;
pub(crate) mod tasks;
pub(crate) mod tier;
