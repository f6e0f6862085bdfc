//! The response that the cache stores.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};

use crate::http::semantics::vary;

#[cfg(feature = "serde")]
mod wire;

/// A complete response in the cache, with everything that decides if it may answer a request.
#[derive(Debug, Clone)]
pub(crate) struct StoredResponse {
    pub(crate) status: StatusCode,
    /// Header fields, without those of one connection.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Fields of the request that the response varies by, with their normalised values; `None` for
    /// a field that the request did not have.
    pub(crate) vary: Vec<(HeaderName, Option<Bytes>)>,
    /// Tags from the response itself: its cache groups, and those of the handler's `CacheHint`.
    pub(crate) tags: Vec<String>,
    pub(crate) freshness: ResponseFreshness,
    /// `true` if a handler of this process gave or confirmed the response. The response's time of
    /// arrival then comes from this process's clock.
    pub(crate) arrived_here: bool,
}

/// The age of a response, and the time for which the response is fresh (RFC 9111, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct ResponseFreshness {
    /// Time of the response's arrival, in milliseconds since the Unix epoch.
    pub(crate) received_at: u64,
    /// Age of the response at its arrival, in seconds.
    pub(crate) initial_age: u64,
    /// Time for which the response is fresh, in milliseconds, counted from age zero.
    pub(crate) lifetime: u64,
    /// `true` if the response must be validated with the handler before each use (`no-cache`).
    pub(crate) always_revalidate: bool,
    /// `false` if the response forbids that it is served stale.
    pub(crate) may_serve_stale: bool,
    /// Time after its end, in seconds, for which the response is served while it is fetched anew.
    pub(crate) stale_while_revalidate: Option<u64>,
    /// Time after its end, in seconds, for which the response is served if the handler fails.
    pub(crate) stale_if_error: Option<u64>,
}

impl StoredResponse {
    /// Returns `true` if the response was made for the values that `request_headers` have in the
    /// fields by which it varies.
    pub(crate) fn matches(&self, request_headers: &HeaderMap) -> bool {
        self.vary.is_empty() || vary::matches(&self.vary, request_headers)
    }

    /// Returns `true` if the response arrived in this process at `time` or later. The response of
    /// another process never did, whatever the clock of that process said.
    pub(crate) fn arrived_since(&self, time: u64) -> bool {
        self.arrived_here && self.freshness.received_at >= time
    }

    /// Returns `true` if the response varies by the request's field `name`.
    pub(crate) fn varies_by(&self, name: &HeaderName) -> bool {
        self.vary.iter().any(|(varied, _)| varied == name)
    }

    /// Returns the bytes of the body and the header fields, by which memory weighs the response.
    pub(crate) fn size(&self) -> usize {
        let field = |(name, value): (&HeaderName, &http::HeaderValue)| {
            name.as_str().len().saturating_add(value.len())
        };
        let fields: usize = self.headers.iter().map(field).sum();
        fields.saturating_add(self.body.len())
    }
}

impl ResponseFreshness {
    /// Returns the age of the response at `now`, in milliseconds.
    fn age_millis(&self, now: u64) -> u64 {
        let resident = now.saturating_sub(self.received_at);
        self.initial_age
            .saturating_mul(1_000)
            .saturating_add(resident)
    }

    /// Returns the age of the response at `now`, in seconds.
    pub(crate) fn age(&self, now: u64) -> u64 {
        self.age_millis(now) / 1_000
    }

    /// Returns the time for which the response is fresh, in seconds.
    pub(crate) fn lifetime_seconds(&self) -> u64 {
        self.lifetime / 1_000
    }

    /// Returns `true` if the response is fresh at `now`.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        self.age_millis(now) < self.lifetime
    }

    /// Returns the rest of the fresh life at `now` in seconds: negative once the response is stale.
    pub(crate) fn ttl(&self, now: u64) -> i64 {
        let age = i64::try_from(self.age(now)).unwrap_or(i64::MAX);
        let lifetime = i64::try_from(self.lifetime_seconds()).unwrap_or(i64::MAX);
        lifetime.saturating_sub(age)
    }

    /// Returns `true` if the response has been stale at `now` for less than `window` seconds.
    pub(crate) fn is_within(&self, window: Option<u64>, now: u64) -> bool {
        let over = self.age_millis(now).saturating_sub(self.lifetime);
        window.is_some_and(|window| over < window.saturating_mul(1_000))
    }
}
