//! The log of open writes: marks in the store by which other processes finish the writes of a
//! process that died.

pub(crate) mod open_write;
pub(crate) mod sweeper;
pub(crate) mod sweeps;
