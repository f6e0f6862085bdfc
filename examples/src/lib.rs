//! Pieces that the example programs share: access traces, generated workloads, the judgement of reads,
//! the opening of a database, and the beginning and end of a program.

pub mod program;
#[cfg(any(feature = "http", feature = "replay"))]
pub mod sqlite;
pub mod trace;
pub mod truth;
pub mod workload;
