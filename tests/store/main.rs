//! What a cache does with the tier that processes share, over one that fails on demand and
//! with a clock that stands still.

mod breaker;
mod crowds;
mod dropped;
mod lives;
mod met;
mod outbox;
mod overlaps;
mod reading;
mod refusals;
mod regions;
mod replicas;
mod shutdown;
mod soft;
mod stale;
mod timeouts;
mod turns;
mod waiting;
mod world;
