//! Write-behind: queued writes, workers, reads of queued values, and dead writes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by a panic"
)]

mod carts;
mod claims;
mod drains;
mod ends;
mod entries;
mod flushes;
mod forms;
mod limits;
mod outages;
mod servers;
mod unreadable;
mod views;
mod world;
