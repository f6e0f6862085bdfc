//! The flights (`cachekit/src/flight.rs`), compiled a second time with another `sync`, so that
//! `shuttle` decides at every step of theirs which task goes on.
//!
//! It searches: orders are drawn at random and by PCT (few changes at random places), both from
//! seeds that are always the same. What it does not find is not proved absent; so guards are
//! removed too, and each removal must be found. A failure prints its schedule, which
//! `shuttle::replay` plays again.

// What the compiled files name.
#[path = "../../cachekit/src/clock.rs"]
#[expect(dead_code, unreachable_pub, reason = "the epochs use some of it")]
mod clock;
#[path = "../../cachekit/src/epoch.rs"]
#[expect(dead_code, reason = "the flights use some of it")]
mod epoch;
mod fault;
#[path = "../../cachekit/src/flight.rs"]
#[expect(dead_code, reason = "the model uses some of it")]
mod flight;
mod key;
mod owner;
#[path = "../../cachekit/src/park.rs"]
mod park;
mod sync;

mod laws;
mod search;
mod world;
