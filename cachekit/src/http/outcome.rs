//! The outcome of a request, in words for clients and for the statistics.

use crate::http::counters::RuleCounters;
use crate::http::semantics::cache_status::{CacheStatus, Forward, Outcome as Status};

/// The way in which a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a stored response that is fresh for `ttl` more seconds; a negative number is the time
    /// since a stale response's end.
    Hit {
        ttl: i64,
        /// Reason why the response is stale; `None` for a fresh one.
        stale: Option<&'static str>,
    },
    /// By the handler.
    Forwarded {
        forward: Forward,
        status: u16,
        is_stored: bool,
        is_collapsed: bool,
        detail: Option<&'static str>,
    },
    /// With a stored response that the handler has confirmed.
    Revalidated { forward: Forward },
    /// Not at all: the client wanted a stored response only.
    OnlyIfCached,
}

impl Outcome {
    /// Returns the outcome as the header fields of a response show it, for a cache called `cache`.
    /// Returns `None` if the cache made the response itself.
    pub(crate) fn status(self, cache: &str) -> Option<CacheStatus<'_>> {
        let (outcome, detail) = match self {
            Self::Hit { ttl, stale: None } => (Status::Hit { ttl }, None),
            // A soft invalidation ends the fresh life before the response's own end.
            Self::Hit { ttl, stale } => (Status::Hit { ttl: ttl.min(-1) }, stale),
            Self::Forwarded {
                forward,
                status,
                is_stored,
                is_collapsed,
                detail,
            } => (forwarded(forward, status, is_stored, is_collapsed), detail),
            Self::Revalidated { forward } => (forwarded(forward, 304, true, false), None),
            Self::OnlyIfCached => return None,
        };
        Some(CacheStatus {
            cache,
            outcome,
            detail,
        })
    }

    pub(crate) fn count(self, counters: &RuleCounters) {
        match self {
            Self::Hit { stale: None, .. } => counters.hits.bump(),
            Self::Hit { .. } => counters.stale.bump(),
            Self::Revalidated { .. } => counters.revalidated.bump(),
            Self::Forwarded { is_collapsed, .. } => {
                counters.misses.bump();
                if is_collapsed {
                    counters.collapsed.bump();
                }
            }
            Self::OnlyIfCached => {}
        }
    }
}

fn forwarded(reason: Forward, status: u16, stored: bool, collapsed: bool) -> Status {
    Status::Forwarded {
        reason,
        status: Some(status),
        stored,
        collapsed,
    }
}
