//! The guards that may be removed from every node and writer.

use cachekit::CacheBuilder;
use cachekit::testing::Fault;
use cachekit_tests::scripts::Seed as _;

/// Each guard whose absence shows within a few hundred runs.
const ALL: &[(&str, Fault)] = &[
    ("NoIntent", Fault::NoIntent),
    ("SweepOnce", Fault::SweepOnce),
    ("UnmarkFirst", Fault::UnmarkFirst),
];

/// Returns the names of the guards.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|(name, _)| *name).collect()
}

/// Returns the guard of this name.
pub(crate) fn find(name: &str) -> Result<(&'static str, Fault), String> {
    let found = ALL.iter().find(|(known, _)| *known == name).copied();
    found.ok_or_else(|| format!("--break {name}: expected one of {}", names().join(", ")))
}

/// Removes the guard `broken`, if one is to be removed.
pub(crate) fn remove(settings: CacheBuilder, broken: Option<Fault>) -> CacheBuilder {
    match broken {
        Some(fault) => settings.seed(fault),
        None => settings,
    }
}
