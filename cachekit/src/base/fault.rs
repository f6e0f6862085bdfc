//! Guards, which are conditions in the cache's code against one kind of race or failure, and which
//! a test may remove on purpose.
//!
//! A test of a concurrency claim proves something only if it fails without the guard that it tests.
//! Therefore, a cache can be built with one guard removed in a build with `--cfg cachekit_faults`,
//! which the workspace sets (`.cargo/config.toml`). In a build without that flag, as in every
//! user's build, a `guard!` expands to its condition alone, and a cache has no set of removed
//! guards.
//!
//! The configuration of a cache has the set of its removed guards. Every part of the cache that has
//! guards keeps a copy of the set in a field `faults`. The first argument of `guard!` is a value
//! with that field: `guard!(self.core, JoinThePast: ..)`.

#[cfg(cachekit_faults)]
pub(crate) mod guards;

#[cfg(cachekit_faults)]
use crate::base::fault::guards::Fault;

/// A point in the cache's code at which a test may run code of its own, so that it can force an
/// order of two concurrent operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// A computation may store its value, and the value is not yet in memory. The test's code runs
    /// at this point.
    BeforeInsert,
    /// A call found no entry in memory, and has not yet entered a flight. The test's code runs at
    /// this point.
    BeforeEnter,
    /// A hit found an entry in memory, and has not yet put the entry into its thread's table (L0).
    /// The test's code runs at this point.
    BeforeKeep,
    /// An invalidation took effect on this node, and is not yet sent to the store. The test's code
    /// runs at this point.
    BeforeRemoval,
    /// A computed or written value may be stored, and is not yet sent to the store. The test's code
    /// runs at this point.
    BeforeFill,
    /// A call found an entry of the store valid, and has not yet looked up the epochs on which the
    /// entry depends in memory. The test's code runs at this point.
    BeforeEntry,
}

/// The function of a test that the cache calls at each [`Point`] that it reaches.
#[cfg(cachekit_faults)]
pub(crate) type StepIn = fn(Point);

/// A function of a test that changes the text of a Redis script before the script is loaded. The
/// arguments of the function are the script's name, the script's text, and a function that returns
/// `true` for each fault whose guard (a condition in the cache's code) the test removed. Returns
/// the text to load.
#[cfg(cachekit_faults)]
pub(crate) type EditScript = fn(&str, String, &dyn Fn(Fault) -> bool) -> String;

/// The guards (conditions in the cache's code) that a test removed from one cache. The set is empty
/// in a user's build.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// The set of guards (conditions in the cache's code) that a test removed, as bits: the bit
    /// with the number of a `Fault` is 1 if the guard of that fault is removed.
    #[cfg(cachekit_faults)]
    broken: u128,
    #[cfg(cachekit_faults)]
    pub(crate) step_in: Option<StepIn>,
    #[cfg(cachekit_faults)]
    pub(crate) edit_script: Option<EditScript>,
}

#[cfg(cachekit_faults)]
impl Faults {
    /// Calls the function of a test with `point`, which the cache has reached. Does nothing if the
    /// test gave no function to the cache.
    pub(crate) fn at(self, point: Point) {
        if let Some(step_in) = self.step_in {
            step_in(point);
        }
    }

    /// Returns this set of guards that a test removed from the cache's code, with the guard of
    /// `fault` added.
    pub(crate) fn with(self, fault: Fault) -> Self {
        Self {
            broken: self.broken | 1 << fault as u128,
            ..self
        }
    }

    /// Returns `true` if a test removed the guard (the condition in the cache's code) of `fault`
    /// from the cache.
    pub(crate) fn has(self, fault: Fault) -> bool {
        self.broken & 1 << fault as u128 != 0
    }

    /// Returns the text of the Redis script `name` that the cache loads: `text` as the test's
    /// function changes it, or `text` itself if the test gave no function.
    pub(crate) fn edit(self, name: &str, text: &str) -> String {
        match self.edit_script {
            Some(edit) => edit(name, text.to_owned(), &|fault| self.has(fault)),
            None => text.to_owned(),
        }
    }
}

/// The methods of `Faults` in a user's build, in which no test intervenes. The methods do nothing.
#[cfg(not(cachekit_faults))]
#[expect(clippy::unused_self, reason = "the same signatures as with the cfg")]
impl Faults {
    pub(crate) fn at(self, _: Point) {}

    pub(crate) fn edit(self, _: &str, text: &str) -> String {
        text.to_owned()
    }
}

/// `guard!(owner, Name: condition)` is `true` if the condition holds, or if a test removed the
/// guard `Name` (the `Fault` of that name) from a cache. `owner` is a value of that cache with a
/// field `faults`.
#[cfg(cachekit_faults)]
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {
        ($condition
            || $owner
                .faults
                .has($crate::base::fault::guards::Fault::$fault))
    };
}

/// `removed!(owner, Name)` is `true` if a test removed the guard `Name` (the `Fault` of that name)
/// from a cache. `owner` is a value of that cache with a field `faults`. The macro is for guards
/// that are not a condition.
#[cfg(cachekit_faults)]
macro_rules! removed {
    ($owner:expr, $fault:ident) => {
        $owner
            .faults
            .has($crate::base::fault::guards::Fault::$fault)
    };
}

/// In a user's build, in which no test can remove a guard from the code, `guard!(owner, Name:
/// condition)` expands to the condition alone.
#[cfg(not(cachekit_faults))]
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {{
        let _ = &$owner.faults;
        $condition
    }};
}

/// In a user's build, in which no test can remove a guard from the code, `removed!` expands to
/// `false`.
#[cfg(not(cachekit_faults))]
macro_rules! removed {
    ($owner:expr, $fault:ident) => {{
        let _ = &$owner.faults;
        false
    }};
}

pub(crate) use {guard, removed};
