//! Options of a rule, each set or left to the defaults.

use std::time::Duration;

use crate::http::rules::options::{
    Auth, Cookies, Downstream, Etag, Query, SetCookie, UnlistedQuery,
};

/// Options of a rule or of the defaults. An option that is `None` was not set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) ttl: Option<Duration>,
    pub(crate) swr: Option<Duration>,
    pub(crate) sie: Option<Duration>,
    pub(crate) negative_ttl: Option<Duration>,
    pub(crate) ttl_jitter: Option<f32>,
    pub(crate) statuses: Option<Vec<u16>>,
    pub(crate) query: Option<Query>,
    pub(crate) unlisted_query: Option<UnlistedQuery>,
    pub(crate) headers: Option<Vec<String>>,
    pub(crate) auth: Option<Auth>,
    pub(crate) cookies: Option<Cookies>,
    pub(crate) set_cookie: Option<SetCookie>,
    pub(crate) etag: Option<Etag>,
    pub(crate) downstream: Option<Downstream>,
    pub(crate) max_body: Option<usize>,
    pub(crate) coalesce: Option<bool>,
    pub(crate) wait_timeout: Option<Duration>,
    pub(crate) hit_for_miss: Option<Duration>,
    pub(crate) depends: Option<bool>,
    pub(crate) honour_request_no_cache: Option<bool>,
    pub(crate) soft: Option<bool>,
}

impl Settings {
    /// Returns `true` if stale responses may be served. Only for the owned mode.
    pub(crate) fn has_window(&self) -> bool {
        [self.swr, self.sie]
            .iter()
            .flatten()
            .any(|it| !it.is_zero())
    }

    /// Returns these options. An option that is not set is taken from `defaults`.
    pub(crate) fn or(self, defaults: &Self) -> Self {
        Self {
            ttl: self.ttl.or(defaults.ttl),
            swr: self.swr.or(defaults.swr),
            sie: self.sie.or(defaults.sie),
            negative_ttl: self.negative_ttl.or(defaults.negative_ttl),
            ttl_jitter: self.ttl_jitter.or(defaults.ttl_jitter),
            statuses: self.statuses.or_else(|| defaults.statuses.clone()),
            query: self.query.or_else(|| defaults.query.clone()),
            unlisted_query: self.unlisted_query.or(defaults.unlisted_query),
            headers: self.headers.or_else(|| defaults.headers.clone()),
            auth: self.auth.or(defaults.auth),
            cookies: self.cookies.or_else(|| defaults.cookies.clone()),
            set_cookie: self.set_cookie.or(defaults.set_cookie),
            etag: self.etag.or(defaults.etag),
            downstream: self.downstream.or(defaults.downstream),
            max_body: self.max_body.or(defaults.max_body),
            coalesce: self.coalesce.or(defaults.coalesce),
            wait_timeout: self.wait_timeout.or(defaults.wait_timeout),
            hit_for_miss: self.hit_for_miss.or(defaults.hit_for_miss),
            depends: self.depends.or(defaults.depends),
            honour_request_no_cache: self
                .honour_request_no_cache
                .or(defaults.honour_request_no_cache),
            soft: self.soft.or(defaults.soft),
        }
    }
}

/// Lines of a file in which a rule and its options are. Empty for a rule from code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    /// Line of the rule's first key or header.
    pub(crate) first: Option<usize>,
    /// The rule's keys in the file, such as `ttl`, each with its line.
    pub(crate) keys: Vec<(String, usize)>,
    /// Known keys that misspelt keys of the file probably stand for.
    pub(crate) meant: Vec<String>,
}

impl Lines {
    /// Returns the line of `key`, or the rule's first line if the file does not have the key.
    pub(crate) fn of(&self, key: &str) -> Option<usize> {
        let found = self.keys.iter().find(|(other, _)| other == key);
        found.map(|(_, line)| *line).or(self.first)
    }

    /// Returns `true` if the file has `key`, even if it is misspelt or its value could not be read.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(other, _)| other == key) || self.is_meant(key)
    }

    /// Returns `true` if a misspelt key of the file probably stands for `key`.
    pub(crate) fn is_meant(&self, key: &str) -> bool {
        self.meant.iter().any(|other| other == key)
    }
}

/// Options for the rules that do not set them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) lines: &'a Lines,
    /// `true` if the file has a table of defaults that could not be found or read.
    pub(crate) are_unread: bool,
}

impl Defaults<'_> {
    /// Returns `true` if the file may have `key` as a default, even if its value could not be read.
    pub(crate) fn may_have(&self, key: &str) -> bool {
        self.are_unread || self.lines.has(key)
    }
}
