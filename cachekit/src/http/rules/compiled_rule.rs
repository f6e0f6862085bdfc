//! A rule with every option decided.

use std::time::Duration;

use http::{HeaderName, StatusCode};
use xxhash_rust::xxh3::xxh3_64;

use crate::http::rules::options::{
    Auth, Cookies, Downstream, Etag, Mode, Query, SetCookie, UnlistedQuery,
};
use crate::http::rules::settings::Settings;
use crate::http::rules::template::Template;

/// Default of `max_body`, in bytes.
const MAX_BODY: usize = 1 << 20;

/// A rule with every option decided and checked.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(crate) struct CompiledRule {
    pub(crate) name: String,
    /// Index of the rule in its set.
    pub(crate) index: usize,
    /// Pattern of the path; `None` for the default rule of the shared mode.
    pub(crate) path: Option<String>,
    pub(crate) cache: bool,
    /// `None` only in the shared mode, and if `cache` is `false`.
    pub(crate) ttl: Option<Duration>,
    pub(crate) swr: Duration,
    pub(crate) sie: Duration,
    pub(crate) negative_ttl: Option<Duration>,
    pub(crate) ttl_jitter: f32,
    pub(crate) statuses: Vec<u16>,
    pub(crate) query: Query,
    pub(crate) unlisted_query: UnlistedQuery,
    pub(crate) headers: Vec<HeaderName>,
    pub(crate) auth: Auth,
    pub(crate) cookies: Cookies,
    pub(crate) set_cookie: SetCookie,
    pub(crate) etag: Etag,
    pub(crate) downstream: Downstream,
    pub(crate) tags: Vec<Template>,
    pub(crate) events: Vec<Template>,
    pub(crate) max_body: usize,
    pub(crate) coalesce: bool,
    pub(crate) wait_timeout: Duration,
    pub(crate) hit_for_miss: Duration,
    pub(crate) depends: bool,
    pub(crate) honour_request_no_cache: bool,
    pub(crate) soft: bool,
    /// Hash of the mode and of everything that the rule says. A changed rule has other keys.
    pub(crate) fingerprint: u64,
}

/// The parts of a rule beside its options.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) path: Option<String>,
    pub(crate) cache: bool,
    pub(crate) tags: Vec<Template>,
    pub(crate) events: Vec<Template>,
}

impl CompiledRule {
    /// Decides every option of a rule. `settings` was checked, and has the defaults of the set.
    pub(crate) fn new(identity: Identity, settings: Settings, mode: Mode) -> Self {
        let owned = mode == Mode::Owned;
        let names = settings.headers.unwrap_or_default();
        let mut rule = Self {
            name: identity.name,
            index: 0,
            path: identity.path,
            cache: identity.cache,
            ttl: settings.ttl,
            swr: settings.swr.unwrap_or_default(),
            sie: settings.sie.unwrap_or_default(),
            negative_ttl: settings.negative_ttl,
            ttl_jitter: settings.ttl_jitter.unwrap_or(0.1),
            statuses: settings.statuses.unwrap_or_else(|| vec![200]),
            query: normal(settings.query.unwrap_or_default()),
            unlisted_query: settings.unlisted_query.unwrap_or_default(),
            headers: names.iter().filter_map(|name| name.parse().ok()).collect(),
            auth: settings
                .auth
                .unwrap_or(if owned { Auth::Bypass } else { Auth::Ignore }),
            cookies: settings.cookies.unwrap_or(if owned {
                Cookies::Bypass
            } else {
                Cookies::Ignore
            }),
            set_cookie: settings.set_cookie.unwrap_or_default(),
            etag: settings
                .etag
                .unwrap_or(if owned { Etag::Weak } else { Etag::Off }),
            downstream: settings.downstream.unwrap_or(if owned {
                Downstream::NoCache
            } else {
                Downstream::Off
            }),
            tags: identity.tags,
            events: identity.events,
            max_body: settings.max_body.unwrap_or(MAX_BODY),
            coalesce: settings.coalesce.unwrap_or(true),
            wait_timeout: settings.wait_timeout.unwrap_or(Duration::from_secs(5)),
            hit_for_miss: settings.hit_for_miss.unwrap_or(Duration::from_secs(10)),
            depends: settings.depends.unwrap_or(true),
            honour_request_no_cache: settings.honour_request_no_cache.unwrap_or(!owned),
            soft: settings.soft.unwrap_or(false),
            fingerprint: 0,
        };
        // The text is stable for one build of the service. If another build writes a different
        // text, responses are computed once more.
        rule.fingerprint = xxh3_64(format!("{mode:?} {rule:?}").as_bytes());
        rule
    }

    /// Returns `true` if stale responses may be served. Only for the owned mode.
    pub(crate) fn has_window(&self) -> bool {
        !self.swr.is_zero() || !self.sie.is_zero()
    }

    /// Returns the time for which a response with this status is fresh; `None` if such a response
    /// is not stored. Only for the owned mode.
    pub(crate) fn ttl_of(&self, status: StatusCode) -> Option<Duration> {
        let status = status.as_u16();
        let is_listed = self.statuses.contains(&status);
        match status {
            404 | 410 if self.negative_ttl.is_some() => self.negative_ttl,
            301 | 308 if !is_listed => self.negative_ttl,
            _ if is_listed => self.ttl,
            _ => None,
        }
    }
}

/// Returns `query`, or `Query::None` if `query` selects parameters by an empty list.
fn normal(query: Query) -> Query {
    match query {
        Query::Only(names) if names.is_empty() => Query::None,
        query => query,
    }
}
