//! The client's side of a request: the parts that decide if a stored response answers the request.

use http::{HeaderMap, Method};

use crate::http::entries::Kept;
use crate::http::outcome::Outcome;
use crate::http::rules::options::Mode;
use crate::http::semantics::cache_control::CacheControl;
use crate::http::semantics::request_directives::{Use, allows};

/// The parts of a request that decide how the client is answered.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) method: Method,
    /// Header fields; empty until [`with_headers`](Self::with_headers), because a hit need not copy
    /// them.
    pub(crate) headers: HeaderMap,
    /// Directives of the request's `Cache-Control`; empty if the rules do not honour them.
    pub(crate) directives: CacheControl,
    mode: Mode,
}

impl Client {
    pub(crate) fn new(
        method: &Method,
        headers: &HeaderMap,
        mode: Mode,
        honours_no_cache: bool,
    ) -> Self {
        let directives = match mode {
            Mode::Shared => CacheControl::of_request(headers),
            // A client must not be able to force calls of the handler.
            Mode::Owned if honours_no_cache => CacheControl {
                no_cache: CacheControl::of_request(headers).no_cache,
                ..CacheControl::default()
            },
            Mode::Owned => CacheControl::default(),
        };
        Self {
            method: method.clone(),
            headers: HeaderMap::new(),
            directives,
            mode,
        }
    }

    pub(crate) fn with_headers(self, headers: HeaderMap) -> Self {
        Self { headers, ..self }
    }

    /// Returns the outcome of an answer with `kept`, a fresh response; `None` if the request or the
    /// response demands that the handler confirms the response.
    pub(crate) fn accepts(&self, kept: &Kept, now: u64) -> Option<Outcome> {
        let accepts = self.use_of(kept, now) == Use::Serve;
        accepts.then(|| Outcome::Hit {
            ttl: kept.freshness.ttl(now),
            stale: None,
        })
    }

    /// Returns the outcome of an answer with `kept`, a stale response that the request accepts by
    /// `max-stale`.
    pub(crate) fn accepts_stale(&self, kept: &Kept, now: u64) -> Option<Outcome> {
        let accepts =
            self.directives.max_stale.is_some() && self.use_of(kept, now) == Use::ServeStale;
        accepts.then(|| Outcome::Hit {
            ttl: kept.freshness.ttl(now),
            stale: Some("max-stale"),
        })
    }

    /// Returns `true` if the request's directives rule out a stale response.
    pub(crate) fn demands_fresh(&self) -> bool {
        let directives = &self.directives;
        directives.no_cache || directives.max_age.is_some() || directives.min_fresh.is_some()
    }

    fn use_of(&self, kept: &Kept, now: u64) -> Use {
        let freshness = &kept.freshness;
        if self.mode == Mode::Owned {
            // The tiers check the times of the rule, to the millisecond.
            return if self.directives.no_cache {
                Use::Revalidate
            } else {
                Use::Serve
            };
        }
        allows(
            &self.directives,
            freshness.age(now),
            freshness.lifetime_seconds(),
            freshness.always_revalidate,
            freshness.may_serve_stale,
        )
    }
}
