//! What a cache does with the tier that processes share, over one that fails on demand and
//! with a clock that stands still.

mod acks;
mod answered;
mod breaker;
mod crowds;
mod destructors;
mod detach;
mod dropped;
mod failed;
mod idle;
mod lives;
mod met;
mod orders;
mod outbox;
mod overlaps;
mod reading;
mod refusals;
mod regions;
mod replicas;
mod rooms;
mod shutdown;
mod soft;
mod stale;
mod timeouts;
mod turns;
mod waiting;
mod world;
mod written;
