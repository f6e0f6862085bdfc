//! The reasons for which a request bypasses the cache.

use std::fmt;

/// The reason for which a request goes to the handler without a look into the cache, and for which
/// its response is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bypass {
    /// The method is neither GET nor HEAD.
    Method,
    /// No rule has a path that matches.
    NoRule,
    /// The rule says `cache = false`.
    RuleOff,
    /// The request has an `Authorization` header field, and the rule says `auth = "bypass"`.
    Authorization,
    /// The request has a `Cookie` header field, and the rule says `cookies = "bypass"`.
    Cookie,
    /// The query has an unlisted parameter, and the rule says `unlisted_query = "bypass"`.
    Query,
    /// The request asks for another protocol, such as WebSocket.
    Upgrade,
    /// The request has a body, which is in no key.
    Body,
}

impl Bypass {
    /// Every reason, in the order of [`index`](Self::index).
    pub(crate) const ALL: [Self; 8] = [
        Self::Method,
        Self::NoRule,
        Self::RuleOff,
        Self::Authorization,
        Self::Cookie,
        Self::Query,
        Self::Upgrade,
        Self::Body,
    ];

    /// Returns the word for the reason in header fields and statistics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::NoRule => "no-rule",
            Self::RuleOff => "rule-off",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
            Self::Query => "query",
            Self::Upgrade => "upgrade",
            Self::Body => "body",
        }
    }

    /// Returns the reason's index in [`ALL`](Self::ALL), for tables of counters.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
