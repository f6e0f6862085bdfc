//! The tier that processes share, over a real Redis.

mod round_trips;
mod tiers;
mod world;
