//! What can go wrong at start-up.
//!
//! A running cache has no errors of its own: what fails inside it is counted, and the
//! call falls through to the function.

use std::fmt;

/// A setting that cannot be honoured, with the remedy.
///
/// Returned by [`CacheBuilder::build`](crate::CacheBuilder::build),
/// [`init`](crate::init) and [`init_from_env`](crate::init_from_env).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Setting {
        name: String,
        problem: String,
        remedy: String,
    },
    AlreadyInitialised,
    Functions {
        problems: Vec<String>,
    },
}

impl BuildError {
    pub(crate) fn setting(
        name: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            kind: Kind::Setting {
                name: name.into(),
                problem: problem.into(),
                remedy: remedy.into(),
            },
        }
    }

    pub(crate) fn already_initialised() -> Self {
        Self {
            kind: Kind::AlreadyInitialised,
        }
    }

    pub(crate) fn functions(problems: Vec<String>) -> Self {
        Self {
            kind: Kind::Functions { problems },
        }
    }

    /// The global cache was already set.
    pub fn is_already_initialised(&self) -> bool {
        self.kind == Kind::AlreadyInitialised
    }

    /// Two cached functions cannot live in one process: same name, or keys that overlap.
    pub fn is_function_conflict(&self) -> bool {
        matches!(self.kind, Kind::Functions { .. })
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Setting {
                name,
                problem,
                remedy,
            } => write!(f, "{name}: {problem}; {remedy}"),
            Kind::AlreadyInitialised => f.write_str(
                "the global cache is already set; call `cachekit::init` once, at start-up, and \
                 pass other caches to functions with `cache = EXPR`",
            ),
            Kind::Functions { problems } => {
                f.write_str("cached functions are in each other's way: ")?;
                f.write_str(&problems.join("; "))
            }
        }
    }
}

impl std::error::Error for BuildError {}
