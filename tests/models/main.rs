//! The flights (`cachekit/src/coordination/single_flight.rs`), compiled a second time with another
//! `sync`, so that `shuttle` decides at each of their steps which task runs next.
//!
//! It searches: orders are drawn at random and by PCT (few changes at random places), both from
//! constant seeds. A search that finds nothing proves nothing, so guards are removed too, and each
//! removal must be found. A failure prints its schedule, which `shuttle::replay` plays again.
//!
//! The rules of group membership (`cachekit/src/l2/bus/membership.rs`) are searched in every order
//! of their steps within bounds: they are small enough for that. So are writes with an order, and
//! versions that a process remembers of the masters of a Redis Cluster.

// What the compiled files name.
mod base;
mod coordination;
mod key;
mod l2;
mod model;

mod acknowledgements;
mod exhaustive;
mod failover;
mod invariants;
mod remembered;
mod search;
mod world;
mod write_order;
