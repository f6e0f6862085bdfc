//! Write-behind: functions whose calls are queued, and workers that carry them out.
//!
//! A call of a function with `#[write_behind]` puts its arguments into the function's queue
//! (`accept.rs`). A worker claims the writes that are due (`worker.rs`), runs the function's body for
//! them (`carry_out.rs`), and tells the queue how that ended (`telling.rs`).

pub(crate) mod accept;
pub(crate) mod asking;
pub(crate) mod attempts;
pub(crate) mod batches;
pub(crate) mod carry_out;
pub(crate) mod dead_writes;
pub(crate) mod fitness;
pub(crate) mod flush;
pub(crate) mod telling;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod turns;
pub(crate) mod worker;
pub(crate) mod workers;
