//! Errors of the set-up, and the error of a computation that took too long.
//!
//! A running cache has no other errors of its own. If something fails inside the cache, the cache
//! counts the failure, and the call runs the function.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The error of a cache that was not built or not made global: a setting cannot be used, cached
/// functions conflict, or the global cache is already set. The error's text says what to change.
///
/// Returned by [`CacheBuilder::build`](crate::CacheBuilder::build),
/// [`init`](crate::init) and [`init_from_env`](crate::init_from_env).
///
/// `Debug` prints the same text as `Display`, because a `main` that returns the error prints it by
/// `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct BuildError {
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
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
    /// Problems of the configuration file and of environment variables, each with its place and
    /// its remedy.
    Configuration {
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

    /// Creates the error of a configuration with at least one problem.
    pub(crate) fn configuration(problems: Vec<String>) -> Self {
        Self {
            kind: Kind::Configuration { problems },
        }
    }

    /// Returns the name of the setting that cannot be used, without the place where it was set.
    /// Returns `None` for any other error.
    pub(crate) fn setting_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Setting { name, .. } => name.split(' ').next(),
            _ => None,
        }
    }

    /// Names the place where the setting that cannot be used was set.
    pub(crate) fn set_at(mut self, place: &str) -> Self {
        if let Kind::Setting { name, .. } = &mut self.kind {
            let end = name.find(' ').unwrap_or(name.len());
            name.truncate(end);
            name.push_str(" (");
            name.push_str(place);
            name.push(')');
        }
        self
    }

    /// Returns `true` if the error is that the global cache was already set.
    pub fn is_already_initialised(&self) -> bool {
        self.kind == Kind::AlreadyInitialised
    }

    /// Returns `true` if the error is that two cached functions have the same name, or keys that
    /// overlap, or that two write-behind functions have the same name, or write the entries of one
    /// function.
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
                f.write_str("functions conflict: ")?;
                f.write_str(&problems.join("; "))
            }
            Kind::Configuration { problems } => f.write_str(&problems.join("\n")),
        }
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}

/// The error of a computation that the cache dropped, because the computation did not end within
/// its function's `timeout`.
///
/// Every call that waited for the computation gets an error of the function's own error type. The
/// function's `From<ComputeTimeout>`, or the expression in `timeout_error`, makes that error.
///
/// `Debug` prints the same text as `Display`.
///
/// # Examples
///
/// ```
/// use cachekit::{ComputeTimeout, cached};
///
/// #[derive(Debug, Clone)]
/// enum Error {
///     Slow(String),
/// }
///
/// impl From<ComputeTimeout> for Error {
///     fn from(timeout: ComputeTimeout) -> Self {
///         Self::Slow(timeout.to_string())
///     }
/// }
///
/// #[cached(key = "report:{id}", timeout = "2s")]
/// async fn report(id: u64) -> Result<String, Error> {
///     Ok(format!("report {id}")) // may take long
/// }
/// # let _ = report(1);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ComputeTimeout {
    /// The name of the function and its `timeout`. Both are behind a pointer to keep this type
    /// small, because every call's future has room for a `ComputeTimeout`.
    details: Arc<Details>,
}

#[derive(PartialEq, Eq)]
struct Details {
    function: Box<str>,
    timeout: Duration,
}

impl ComputeTimeout {
    pub(crate) fn new(function: &str, timeout: Duration) -> Self {
        let function = function.into();
        Self {
            details: Arc::new(Details { function, timeout }),
        }
    }

    /// Returns the name of the cached function whose computation was dropped.
    pub fn function(&self) -> &str {
        &self.details.function
    }

    /// Returns the `timeout` of the cached function, within which the computation did not end.
    pub fn timeout(&self) -> Duration {
        self.details.timeout
    }
}

impl fmt::Display for ComputeTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { function, timeout } = &*self.details;
        write!(f, "`{function}` did not end within {timeout:?}")
    }
}

impl fmt::Debug for ComputeTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ComputeTimeout {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `main` that returns an error shows it by `Debug`.
    #[test]
    fn a_main_shows_each_error_as_a_text() {
        let setting = BuildError::setting("redis (REDIS_URL)", "is empty", "remove it");
        let boxed: Box<dyn std::error::Error> = Box::new(setting);
        assert_eq!(
            format!("{boxed:?}"),
            "redis (REDIS_URL): is empty; remove it"
        );
        let late = ComputeTimeout::new("shop::report", Duration::from_secs(2));
        assert_eq!(format!("{late:?}"), "`shop::report` did not end within 2s");
    }
}
