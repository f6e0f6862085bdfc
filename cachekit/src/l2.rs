//! The second tier at run time: the store behind a breaker, its outbox, and the bus.

pub(crate) mod breaker_store;
pub(crate) mod bus;
pub(crate) mod circuit_breaker;
pub(crate) mod entry_keys;
pub(crate) mod invalidation_targets;
pub(crate) mod open_writes;
pub(crate) mod outbox;
pub(crate) mod recovery;
pub(crate) mod removal;
pub(crate) mod send_invalidation;
pub(crate) mod tier;
