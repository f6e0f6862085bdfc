//! What a cache does with the tier that processes share, over one that fails on demand and
//! with a clock that stands still.

mod breaker;
mod dropped;
mod outbox;
mod overlaps;
mod reading;
mod refusals;
mod stale;
mod turns;
mod waiting;
mod world;
