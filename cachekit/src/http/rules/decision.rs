//! The decision of the rules about one request, for people.

use std::fmt::{self, Write as _};

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use crate::http::rules::bypass::Bypass;
use crate::http::rules::key::cookies;
use crate::http::rules::options::{Auth, Cookies, Mode};
use crate::http::rules::plan::{Lookup, Plan};
use crate::http::rules::query;

/// The decision of the rules about one request. Returned by
/// [`RuleSet::explain`](crate::http::RuleSet::explain).
///
/// Its `Display` has a line for each fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    rule: Option<String>,
    path: Option<String>,
    key: Option<String>,
    tags: Vec<String>,
    events: Vec<String>,
    uri: Option<String>,
    bypass: Option<Bypass>,
}

impl Decision {
    pub(crate) fn of(lookup: &Lookup<'_>, headers: &HeaderMap) -> Self {
        let (rule, plan, bypass) = match lookup {
            Lookup::Bypass { rule, reason } => (*rule, None, Some(*reason)),
            Lookup::Cacheable(plan) => (Some(&plan.rule), Some(plan), None),
        };
        let stripped = plan.and_then(Plan::stripped_uri);
        Self {
            rule: rule.map(|rule| rule.name.clone()),
            path: rule.and_then(|rule| rule.path.clone()),
            key: plan.map(|plan| readable(plan, headers)),
            tags: plan.map(Plan::tags).unwrap_or_default(),
            events: plan.map(Plan::events).unwrap_or_default(),
            uri: stripped.map(|uri| uri.to_string()),
            bypass,
        }
    }

    /// Returns the name of the rule whose path matches. In
    /// [`Mode::Shared`](crate::http::Mode::Shared), it is `default` for a path without a rule.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Returns the key in a readable form; `None` for a request that bypasses the cache. In place
    /// of cookies and `Authorization`, the text has only their lengths.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the tags of the response.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Returns the events that invalidate the response.
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// Returns the URI that the handler gets, if this is not the request's URI because the query
    /// has unlisted parameters.
    pub fn handler_uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// Returns the reason for which the request bypasses the cache; `None` if it may be answered
    /// from the cache.
    pub fn bypass(&self) -> Option<Bypass> {
        self.bypass
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.rule, &self.path) {
            (Some(rule), Some(path)) if rule != path => write!(f, "rule: {rule} ({path})")?,
            (Some(rule), _) => write!(f, "rule: {rule}")?,
            (None, _) => f.write_str("rule: none")?,
        }
        if let Some(reason) = self.bypass {
            write!(f, "\nbypass: {reason}")?;
        }
        if let Some(key) = &self.key {
            write!(f, "\nkey: {key}")?;
        }
        for (what, texts) in [("tags", &self.tags), ("events", &self.events)] {
            if !texts.is_empty() {
                write!(f, "\n{what}: {}", texts.join(", "))?;
            }
        }
        if let Some(uri) = &self.uri {
            write!(f, "\nhandler gets: {uri}")?;
        }
        Ok(())
    }
}

/// Returns the parts of the key as a text. The texts of two different keys may be equal.
fn readable(plan: &Plan, headers: &HeaderMap) -> String {
    let (rule, uri) = (&plan.rule, &plan.uri);
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://"));
    let host = String::from_utf8_lossy(plan.host());
    let mut text = format!("{}{host}{}", scheme.unwrap_or_default(), uri.path());
    let pieces = if plan.mode == Mode::Owned {
        query::sorted(&rule.query, uri.query())
    } else {
        query::selected(&rule.query, uri.query()).collect()
    };
    for (index, piece) in pieces.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(piece);
    }
    for name in &rule.headers {
        text.push_str(&header(name, headers));
    }
    if let Cookies::Key(names) = &rule.cookies {
        for name in names {
            let length: usize = cookies(name, headers).map(<[u8]>::len).sum();
            let _ = write!(text, " [cookie {name}: {length} bytes]");
        }
    }
    if rule.auth == Auth::Key {
        let length = headers.get(AUTHORIZATION).map_or(0, http::HeaderValue::len);
        let _ = write!(text, " [authorization: {length} bytes]");
    }
    text
}

fn header(name: &HeaderName, headers: &HeaderMap) -> String {
    let lines = headers.get_all(name).into_iter();
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    format!(" [{name}: {}]", lines.join(", "))
}
