//! The guards that may be removed from every node and writer.

use cachekit::CacheBuilder;
use cachekit::testing::Fault;
use cachekit_tests::scripts::Seed as _;

use crate::point::Point;

/// One guard, and where its absence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RemovedGuard {
    pub(crate) name: &'static str,
    fault: Fault,
    /// The point of a death that shows it soon; `None` if most do.
    pub(crate) point: Option<Point>,
}

const ALL: &[RemovedGuard] = &[
    RemovedGuard {
        name: "NoIntent",
        fault: Fault::NoIntent,
        point: None,
    },
    RemovedGuard {
        name: "SweepOnce",
        fault: Fault::SweepOnce,
        point: Some(Point::CommitHeld),
    },
    RemovedGuard {
        name: "UnmarkFirst",
        fault: Fault::UnmarkFirst,
        point: Some(Point::RemovalSent),
    },
];

/// Returns the names of the guards.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|guard| guard.name).collect()
}

/// Returns the guard of this name.
pub(crate) fn find(name: &str) -> Result<RemovedGuard, String> {
    let found = ALL.iter().find(|guard| guard.name == name).copied();
    found.ok_or_else(|| format!("--break {name}: expected one of {}", names().join(", ")))
}

/// Removes the guard `broken`, if one is to be removed.
pub(crate) fn remove(settings: CacheBuilder, broken: Option<RemovedGuard>) -> CacheBuilder {
    match broken {
        Some(guard) => settings.seed(guard.fault),
        None => settings,
    }
}
