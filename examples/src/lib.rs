//! Pieces that the example programs share: access traces, generated workloads, the judgement of reads,
//! a client of HTTP, and the beginning and end of a program.

#[cfg(feature = "http")]
pub mod client;
pub mod program;
pub mod trace;
pub mod truth;
pub mod workload;
