//! Pieces that the example programs share: access traces, generated workloads, and the beginning and
//! end of a program.

pub mod program;
pub mod trace;
pub mod workload;
