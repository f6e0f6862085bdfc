//! The tier that processes share, over a real Redis.

mod acks;
mod bus;
mod by_hand;
mod hostile;
mod interleavings;
mod late;
mod named_shapes;
mod processes;
mod round_trips;
mod shapes;
mod tiers;
mod unstorable;
mod world;
