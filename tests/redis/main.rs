//! The tier that processes share, over a real Redis.

mod interleavings;
mod late;
mod processes;
mod round_trips;
mod tiers;
mod world;
