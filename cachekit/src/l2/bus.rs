//! The bus: the messages between the processes that share a Redis, with heartbeats and group
//! membership.

pub(crate) mod acks;
pub(crate) mod client;
pub(crate) mod heartbeat;
pub(crate) mod heartbeat_task;
pub(crate) mod lease_waiters;
pub(crate) mod listener;
pub(crate) mod membership;
#[cfg(feature = "json")]
pub(crate) mod open_questions;
pub(crate) mod presence;
pub(crate) mod questions;
pub(crate) mod timings;
pub(crate) mod watchers;
