//! `Cache-Status` (RFC 9211) and `X-Cache`: how a response was found.

use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::lists::is_token_byte;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Reason why a request was forwarded (RFC 9211, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forward {
    Bypass,
    Method,
    UriMiss,
    VaryMiss,
    Request,
    Stale,
}

impl Forward {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Request => "request",
            Self::Stale => "stale",
        }
    }
}

/// Outcome of a request, for its response's header fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The stored response answered.
    Hit {
        /// Remaining lifetime in seconds, less than zero for a stale response.
        ttl: i64,
    },
    /// The request was forwarded.
    Forwarded {
        reason: Forward,
        /// Status of the forwarded request's response.
        status: Option<u16>,
        /// The response was stored.
        stored: bool,
        /// The request shared another's response.
        collapsed: bool,
    },
}

/// The member of one cache in `Cache-Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheStatus<'a> {
    /// Name of the cache.
    pub(crate) cache: &'a str,
    pub(crate) outcome: Outcome,
    /// More about the outcome, such as the reason of a bypass.
    pub(crate) detail: Option<&'a str>,
}

impl CacheStatus<'_> {
    /// Returns the text of the member.
    pub(crate) fn text(&self) -> String {
        let mut text = token_or_string(self.cache);
        match self.outcome {
            Outcome::Hit { ttl } => {
                let _ = write!(text, "; hit; ttl={ttl}");
            }
            Outcome::Forwarded { reason, status, .. } => {
                let _ = write!(text, "; fwd={}", reason.as_str());
                if let Some(status) = status {
                    let _ = write!(text, "; fwd-status={status}");
                }
            }
        }
        for flag in self.flags() {
            let _ = write!(text, "; {flag}");
        }
        if let Some(detail) = self.detail {
            let _ = write!(text, "; detail={}", token_or_string(detail));
        }
        text
    }

    fn flags(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (is_stored, is_collapsed) = match self.outcome {
            Outcome::Hit { .. } => (false, false),
            Outcome::Forwarded {
                stored, collapsed, ..
            } => (stored, collapsed),
        };
        let stored = is_stored.then_some("stored");
        stored
            .into_iter()
            .chain(is_collapsed.then_some("collapsed"))
    }

    /// Returns the word of `X-Cache`.
    pub(crate) fn x_cache(&self) -> &'static str {
        match self.outcome {
            Outcome::Hit { ttl } if ttl < 0 => "STALE",
            Outcome::Hit { .. } => "HIT",
            Outcome::Forwarded { reason, status, .. } => match reason {
                Forward::Bypass | Forward::Method => "BYPASS",
                Forward::Stale | Forward::Request if status == Some(304) => "REVALIDATED",
                _ => "MISS",
            },
        }
    }
}

/// Appends the member to `Cache-Status`, after those of other caches.
pub(crate) fn append(headers: &mut HeaderMap, status: &CacheStatus<'_>) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(status.text())) {
        // A map that cannot have more fields stays as it is.
        let _ = headers.try_append(CACHE_STATUS, value);
    }
}

/// Sets `X-Cache`.
pub(crate) fn set_x_cache(headers: &mut HeaderMap, status: &CacheStatus<'_>) {
    let _ = headers.try_insert(X_CACHE, HeaderValue::from_static(status.x_cache()));
}

/// Returns `text` as a token if it is one, else as a string (RFC 8941, sections 3.3.3 and 3.3.4). A
/// byte that may not be in a string becomes a question mark.
fn token_or_string(text: &str) -> String {
    let starts_token = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*');
    let is_token = |byte: u8| is_token_byte(byte) || matches!(byte, b':' | b'/');
    if starts_token && text.bytes().all(is_token) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
