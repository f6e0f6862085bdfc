//! The reasons for which no connection to Redis was made.

use std::fmt;

use redis::RedisError;

use crate::store::redis::errors::shown;
use crate::store::redis::handshake;
use crate::store::redis::wrong::Wrong;

/// The reason for which no connection was made.
#[derive(Debug, Clone)]
pub(crate) struct Unconnected {
    /// The reason, for the log. It contains no address and no password.
    pub(crate) why: String,
    /// The error code with which the server refused a command.
    pub(crate) code: Option<String>,
    /// `Some` if every further attempt would fail likewise, because a setting or the server has to
    /// be changed.
    pub(crate) lasting: Option<Lasting>,
}

/// A reason for which no attempt to connect can succeed.
#[derive(Debug, Clone)]
pub(crate) struct Lasting {
    /// The server that refuses the cache, without user and password.
    pub(crate) who: String,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl Lasting {
    /// Returns the problem with the name of its server, and the remedy.
    pub(crate) fn wrong(self) -> Wrong {
        (format!("{} {}", self.who, self.problem), self.remedy)
    }
}

impl Unconnected {
    /// Returns the reason for which `address` could not be connected, from the client's `error`.
    pub(crate) fn of(address: &dyn fmt::Debug, error: &RedisError) -> Self {
        let lasting = handshake::for_good(error).map(|(problem, remedy)| Lasting {
            who: format!("{address:?}"),
            problem,
            remedy: remedy.to_owned(),
        });
        Self {
            why: shown(error),
            code: error.code().map(str::to_owned),
            lasting,
        }
    }

    /// Returns a reason that may not be there at the next attempt.
    pub(crate) fn passing(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            code: None,
            lasting: None,
        }
    }

    /// Returns a reason that every further attempt would meet.
    pub(crate) fn lasting(who: String, problem: String, remedy: &str) -> Self {
        Self {
            why: format!("{who} {problem}"),
            code: None,
            lasting: Some(Lasting {
                who,
                problem,
                remedy: remedy.to_owned(),
            }),
        }
    }
}
