//! The cost of cachekit beside other caches, beside a plain Redis client and beside nothing: the
//! cases that the programs and benches of this package measure. `docs/speed.md` says how to run
//! them.
//!
//! A figure by itself says little about a cache and much about a machine. So the candidates of a
//! table take turns in one process, many short rounds each, and what is claimed is the median of
//! the ratios within a round.

#[macro_use]
pub mod candidate;
pub mod keys;
pub mod machine;
pub mod memory;
pub mod plot;
pub mod redis;
pub mod report;
pub mod rounds;
#[cfg(feature = "service")]
pub mod service;
pub mod traces;
pub mod user;

/// Refuses to measure a cachekit whose guards tests can remove: that costs something on a hit.
///
/// # Panics
///
/// Built with `--cfg cachekit_faults`.
pub fn refuse_switches() {
    #[cfg(cachekit_faults)]
    panic!("this was built with switches for tests: use `scripts/bench`, or set `RUSTFLAGS=`");
}

/// Why there is no figure, in words.
pub type Fail = Box<dyn std::error::Error + Send + Sync>;
