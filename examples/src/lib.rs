//! Pieces that the example programs share: access traces, generated workloads, the judgement of reads,
//! databases of `SQLite`, a client of HTTP, and the beginning and end of a program.

#[cfg(feature = "http")]
pub mod client;
pub mod program;
#[cfg(any(feature = "http", feature = "replay"))]
pub mod sqlite;
pub mod token;
pub mod trace;
pub mod truth;
pub mod workload;
