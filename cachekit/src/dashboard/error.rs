//! The error of a dashboard that was not made.

use std::fmt;

/// Length of the shortest token, in bytes.
pub(crate) const SHORTEST: usize = 16;

/// The error of a dashboard that was not made. Its text says what to change.
///
/// The text for `Debug` is that for `Display`, because a `main` that returns the error shows the
/// former.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DashboardError {
    /// The token has fewer than 16 bytes, and could be guessed. The field is the number of its bytes.
    ShortToken(usize),
}

impl fmt::Display for DashboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShortToken(0) => write!(
                f,
                "the token of the dashboard is empty; set one of at least {SHORTEST} random bytes, such as \
                 the output of `openssl rand -hex 32`"
            ),
            Self::ShortToken(length) => write!(
                f,
                "the token of the dashboard has {length} bytes and could be guessed; set one of at least \
                 {SHORTEST} random bytes, such as the output of `openssl rand -hex 32`"
            ),
        }
    }
}

impl fmt::Debug for DashboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DashboardError {}
