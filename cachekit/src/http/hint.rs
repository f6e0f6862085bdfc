//! Hints by which a handler says, for one response, what no rule can know.

use std::time::Duration;

/// A handler's hint for one response: its time to live, its tags, or that it is not stored.
///
/// Put the hint into the response's extensions. The layer takes it out before the response is sent.
/// Without the layer, a hint does nothing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use cachekit::http::CacheHint;
///
/// let mut response = http::Response::new("..");
/// let hint = CacheHint::new().ttl(Duration::from_secs(30)).tag("category:7");
/// response.extensions_mut().insert(hint);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheHint {
    pub(crate) ttl: Option<Duration>,
    pub(crate) tags: Vec<String>,
    pub(crate) no_store: bool,
}

impl CacheHint {
    /// Creates a hint that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a hint that prevents the response from being stored. A failure with this hint is not
    /// given to the requests that wait for it, either.
    pub fn no_store() -> Self {
        Self {
            no_store: true,
            ..Self::default()
        }
    }

    /// Sets the time to live of the response, in place of the rule's. With zero, the response is
    /// not stored.
    pub fn ttl(self, ttl: Duration) -> Self {
        Self {
            ttl: Some(ttl),
            ..self
        }
    }

    /// Adds a tag: an invalidation of the tag removes the response.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }
}
