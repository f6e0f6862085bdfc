//! The tier that processes share, over a real Redis.

mod acks;
mod bus;
mod by_hand;
mod constant;
mod deploys;
mod hostile;
mod interleavings;
mod late;
mod masters;
mod named_shapes;
mod orders;
mod out_of_memory;
mod processes;
mod replicas;
mod round_trips;
mod shapes;
mod sharing;
mod soft;
mod stale;
mod tiers;
mod timeouts;
mod unstorable;
mod untouched;
mod version_lives;
mod world;
