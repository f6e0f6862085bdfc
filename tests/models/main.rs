//! The flights (`cachekit/src/coordination/single_flight.rs`), compiled a second time with another `sync`, so that
//! `shuttle` decides at every step of theirs which task goes on.
//!
//! It searches: orders are drawn at random and by PCT (few changes at random places), both from
//! seeds that are always the same. What it does not find is not proved absent; so guards are
//! removed too, and each removal must be found. A failure prints its schedule, which
//! `shuttle::replay` plays again.
//!
//! And the rules of who serves from memory and who is waited for (`cachekit/src/l2/bus/membership.rs`), in
//! every order of their steps within bounds: they are small enough for that.

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
mod search;
mod world;
mod write_order;
