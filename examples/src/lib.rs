//! Pieces that the example programs share: access traces, generated workloads, the judgement of reads,
//! and the beginning and end of a program.

pub mod program;
pub mod token;
pub mod trace;
pub mod truth;
pub mod workload;
