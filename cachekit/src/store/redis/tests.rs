//! Servers for tests of the adapters for Redis.

pub(crate) mod masters;
pub(crate) mod subscriptions;
