//! Options of rules that have a few choices each.

use std::time::Duration;

/// The authority on what may be stored, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// The rules of the service decide. Without a rule, nothing is stored. The response's
    /// `Cache-Control` can forbid the storing, but cannot cause it.
    #[default]
    Owned,
    /// The header fields of responses decide, as RFC 9111 says for a shared cache. Rules are
    /// optional.
    Shared,
}

/// Header fields in which a response says if it came from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StatusHeader {
    /// `Cache-Status` (RFC 9211), as in `cachekit; hit; ttl=57`.
    #[default]
    CacheStatus,
    /// `X-Cache`, with one word such as `HIT` or `MISS`.
    XCache,
    /// `Cache-Status` and `X-Cache`.
    Both,
    /// No header field.
    Off,
}

/// Parameters of the query that are part of the key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Query {
    /// The whole query. In [`Mode::Owned`], the key has the parameters sorted by name, so
    /// `?a=1&b=2` and `?b=2&a=1` share a response; several values of one parameter keep their
    /// order. The default.
    #[default]
    All,
    /// No parameter.
    None,
    /// The parameters of these names. [`UnlistedQuery`] says what becomes of the others.
    Only(Vec<String>),
}

/// Treatment of parameters of the query that are not part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnlistedQuery {
    /// The handler gets a URI without them. Therefore they cannot change the response. The default.
    #[default]
    Strip,
    /// A request with such a parameter goes to the handler, and its response is not stored.
    Bypass,
    /// The handler gets them. Only safe if the handler does not read them: otherwise one client
    /// determines what others get.
    Ignore,
}

/// Treatment of requests with an `Authorization` header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// They go to the handler, and their responses are not stored. The default in [`Mode::Owned`].
    Bypass,
    /// The field's value is part of the key: each value has its own responses.
    Key,
    /// The field is not part of the key. In [`Mode::Owned`], all clients share a response, which
    /// must not depend on the field. In [`Mode::Shared`], where this is the default, the response's
    /// header fields decide if it may be stored.
    Ignore,
}

/// Treatment of requests with a `Cookie` header field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cookies {
    /// They go to the handler, and their responses are not stored. The default in [`Mode::Owned`].
    Bypass,
    /// The cookies of these names are part of the key. The handler must not read other cookies.
    Key(Vec<String>),
    /// Cookies are not part of the key. The handler must not read them. The default in
    /// [`Mode::Shared`].
    Ignore,
}

/// Treatment of responses with a `Set-Cookie` header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SetCookie {
    /// They are not stored. The default.
    #[default]
    Refuse,
    /// They are stored without the field. The client whose request reached the handler gets it.
    Strip,
    /// They are stored with the field if RFC 9111 allows. Only in [`Mode::Shared`].
    Rfc,
}

/// Entity tags that the cache makes for responses without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Etag {
    /// Weak entity tags, which still hold if a proxy or an outer layer compresses the body. The
    /// default in [`Mode::Owned`].
    Weak,
    /// Strong entity tags. Only right if no proxy and no outer layer changes the bytes of the body.
    Strong,
    /// None. The only choice in [`Mode::Shared`].
    Off,
}

/// `Cache-Control` of responses whose handler sets none, for clients and for caches on the way to
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Downstream {
    /// `no-cache`: clients ask each time, and get a short answer if they have the current response.
    /// Invalidations therefore reach clients. The default in [`Mode::Owned`].
    NoCache,
    /// `max-age`: clients keep the response for this time, even if it is invalidated meanwhile.
    MaxAge(Duration),
    /// None. The only choice in [`Mode::Shared`].
    Off,
}
