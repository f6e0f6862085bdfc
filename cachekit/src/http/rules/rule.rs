//! A rule for the responses of one path.

use std::time::Duration;

use crate::http::rules::options::{
    Auth, Cookies, Downstream, Etag, Query, SetCookie, UnlistedQuery,
};
use crate::http::rules::settings::{Lines, Settings};

/// A rule for the responses of one path: for how long they are stored, by what they vary, and by
/// what they are invalidated.
///
/// A rule concerns GET and HEAD; other methods always reach the handler. The path has the syntax of
/// axum's routes. A path without parameters wins over a path with parameters, as in axum.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use cachekit::http::{Rule, RuleSet};
///
/// let rules = RuleSet::owned()
///     .rule(
///         Rule::get("/api/products/{id}")
///             .name("product")
///             .ttl(Duration::from_secs(300))
///             .swr(Duration::from_secs(60))
///             .tag("product:{id}")
///             .invalidate_on("product.updated:{id}"),
///     )
///     .rule(Rule::never("/api/events"))
///     .build()?;
/// # Ok::<(), cachekit::http::RuleError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a rule does nothing outside of a `RuleSet`"]
pub struct Rule {
    pub(crate) path: String,
    pub(crate) name: Option<String>,
    pub(crate) cache: bool,
    pub(crate) settings: Settings,
    pub(crate) tags: Vec<String>,
    pub(crate) invalidate_on: Vec<String>,
    pub(crate) lines: Lines,
}

impl Rule {
    /// Creates a rule for GET and HEAD requests of `path`, such as `/api/products/{id}` or
    /// `/files/{*rest}`.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            name: None,
            cache: true,
            settings: Settings::default(),
            tags: Vec::new(),
            invalidate_on: Vec::new(),
            lines: Lines::default(),
        }
    }

    /// Creates a rule by which no response of `path` is stored: `cache = false` in a file. Use it
    /// for a single path, such as a stream of events, among paths that have a rule.
    pub fn never(path: impl Into<String>) -> Self {
        Self {
            cache: false,
            ..Self::get(path)
        }
    }

    /// Sets the rule's name, which is its label in statistics. Default: the path.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the time for which a response is fresh. Required in
    /// [`Mode::Owned`](crate::http::Mode::Owned).
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = Some(ttl);
        self
    }

    /// Sets the time after `ttl` for which a stale response is served while one request refreshes
    /// it (stale-while-revalidate). Default: zero.
    pub fn swr(mut self, swr: Duration) -> Self {
        self.settings.swr = Some(swr);
        self
    }

    /// Sets the time after `ttl` for which a stale response is served if the handler fails
    /// (stale-if-error). Default: zero.
    pub fn sie(mut self, sie: Duration) -> Self {
        self.settings.sie = Some(sie);
        self
    }

    /// Sets the time for which responses with the status 404 or 410 are fresh. Responses with the
    /// status 301 or 308 are stored for that time too, if that status is not in
    /// [`statuses`](Self::statuses). Default: such responses are not stored.
    pub fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.settings.negative_ttl = Some(ttl);
        self
    }

    /// Sets the largest share of `ttl`, from 0 to 1, by which `ttl` is shortened at random, so that
    /// responses do not expire together. Default: 0.1.
    pub fn ttl_jitter(mut self, share: f32) -> Self {
        self.settings.ttl_jitter = Some(share);
        self
    }

    /// Sets the statuses of responses that are stored. Default: 200.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.settings.statuses = Some(statuses.into_iter().collect());
        self
    }

    /// Sets which parameters of the query are part of the key. Default: [`Query::All`].
    pub fn query(mut self, query: Query) -> Self {
        self.settings.query = Some(query);
        self
    }

    /// Sets the names of the query's parameters that are part of the key. Short for
    /// `query(Query::Only(..))`.
    pub fn query_params<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        self.query(Query::Only(names.into_iter().map(Into::into).collect()))
    }

    /// Sets what becomes of parameters that are not part of the key. Default:
    /// [`UnlistedQuery::Strip`].
    pub fn unlisted_query(mut self, unlisted: UnlistedQuery) -> Self {
        self.settings.unlisted_query = Some(unlisted);
        self
    }

    /// Sets the request's header fields that are part of the key. They are also added to the
    /// response's `Vary`.
    pub fn headers<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.settings.headers = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the treatment of requests with `Authorization`.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.settings.auth = Some(auth);
        self
    }

    /// Sets the treatment of requests with `Cookie`.
    pub fn cookies(mut self, cookies: Cookies) -> Self {
        self.settings.cookies = Some(cookies);
        self
    }

    /// Sets the treatment of responses with `Set-Cookie`. Default: [`SetCookie::Refuse`].
    pub fn set_cookie(mut self, set_cookie: SetCookie) -> Self {
        self.settings.set_cookie = Some(set_cookie);
        self
    }

    /// Sets which entity tags the cache makes.
    pub fn etag(mut self, etag: Etag) -> Self {
        self.settings.etag = Some(etag);
        self
    }

    /// Sets the `Cache-Control` of responses whose handler sets none.
    pub fn downstream(mut self, downstream: Downstream) -> Self {
        self.settings.downstream = Some(downstream);
        self
    }

    /// Adds a tag to the rule's responses. `{id}` stands for the path's parameter `id`, decoded;
    /// `{{` and `}}` are literal braces.
    pub fn tag(mut self, template: impl Into<String>) -> Self {
        self.tags.push(template.into());
        self
    }

    /// Adds an event of the cache that invalidates the rule's responses. Placeholders are those of
    /// [`tag`](Self::tag). An event without a placeholder invalidates all responses of the rule.
    pub fn invalidate_on(mut self, template: impl Into<String>) -> Self {
        self.invalidate_on.push(template.into());
        self
    }

    /// Sets the largest body, in bytes, that is stored. Default: 1 MiB. A larger body reaches the
    /// client unchanged.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = Some(bytes);
        self
    }

    /// Sets whether requests that miss at the same time wait for one call of the handler. Default:
    /// `true`.
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.settings.coalesce = Some(coalesce);
        self
    }

    /// Sets the time after which a waiting request goes to the handler itself. Default: 5 seconds.
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.settings.wait_timeout = Some(timeout);
        self
    }

    /// Sets the time for which requests do not wait for one another after a response that could not
    /// be stored. Default: 10 seconds.
    pub fn hit_for_miss(mut self, time: Duration) -> Self {
        self.settings.hit_for_miss = Some(time);
        self
    }

    /// Sets whether a response depends on the cached functions that its handler called, and is
    /// invalidated with them. Default: `true`.
    pub fn depends(mut self, depends: bool) -> Self {
        self.settings.depends = Some(depends);
        self
    }

    /// Sets whether a client's `Cache-Control: no-cache` leads to the handler. Default: `false` in
    /// [`Mode::Owned`](crate::http::Mode::Owned), because clients could then force load.
    pub fn honour_request_no_cache(mut self, honour: bool) -> Self {
        self.settings.honour_request_no_cache = Some(honour);
        self
    }

    /// Sets whether a write to the path makes responses stale instead of removing them. Default:
    /// `false`. A stale response may be served within `swr` and `sie`; a rule with neither must not
    /// be soft. For tags and events, the code that invalidates decides
    /// ([`Cache::invalidation`](crate::Cache::invalidation)).
    pub fn soft(mut self, soft: bool) -> Self {
        self.settings.soft = Some(soft);
        self
    }

    /// Returns the name for statistics and messages.
    pub(crate) fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.path)
    }
}
