//! Pieces that the example programs share: access traces and generated workloads.

pub mod trace;
pub mod workload;
