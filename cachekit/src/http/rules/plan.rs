//! The decision of the rules about a request.

use std::ops::Range;
use std::sync::Arc;

use http::Uri;

use crate::http::rules::bypass::Bypass;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::host;
use crate::http::rules::options::Mode;
use crate::http::rules::percent::decoded;
use crate::http::rules::query;
use crate::http::rules::template::{Parameters, Template};

/// The decision of the rules about a request.
#[derive(Debug)]
pub(crate) enum Lookup<'a> {
    /// The request goes to the handler, and its response is not stored.
    Bypass {
        /// The rule whose path matches.
        rule: Option<&'a Arc<CompiledRule>>,
        reason: Bypass,
    },
    /// The request may be answered from the cache.
    Cacheable(Plan),
}

/// The data with which a request is looked up and its response is stored.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The rule for the path. In the shared mode, the rule "default" for a path without a rule.
    pub(crate) rule: Arc<CompiledRule>,
    pub(crate) key: Vec<u8>,
    pub(crate) mode: Mode,
    pub(crate) uri: Uri,
    /// Place of the host in the key.
    pub(crate) host: Range<usize>,
    /// Places of the path's parameters in the path.
    pub(crate) parameters: Parameters,
    /// `true` if query parameters that the rule does not list are removed before the handler gets the
    /// URI.
    pub(crate) strips_query: bool,
}

impl Plan {
    /// Returns the rule's tags for this request. The tag of the URI is not among them.
    pub(crate) fn tags(&self) -> Vec<String> {
        self.texts(&self.rule.tags)
    }

    /// Returns the events that invalidate the response to this request.
    pub(crate) fn events(&self) -> Vec<String> {
        self.texts(&self.rule.events)
    }

    /// Returns the tag by which an unsafe request to the same target invalidates the response.
    pub(crate) fn uri_tag(&self) -> String {
        uri_tag(self.mode, self.host(), &self.uri)
    }

    /// Returns the URI for the handler, if this is not the request's URI.
    pub(crate) fn stripped_uri(&self) -> Option<Uri> {
        let stripped = self
            .strips_query
            .then(|| query::stripped(&self.rule.query, &self.uri));
        stripped.flatten()
    }

    /// Returns the host that the request is for, in lower case.
    pub(crate) fn host(&self) -> &[u8] {
        &self.key[self.host.clone()]
    }

    fn texts(&self, templates: &[Template]) -> Vec<String> {
        let path = self.uri.path();
        templates
            .iter()
            .map(|template| template.text(path, &self.parameters))
            .collect()
    }
}

/// Returns the tag of a target: `http:`, the host and the path, and in the shared mode the query.
/// The path is decoded, so that each spelling of a path has one tag. In the owned mode, all queries
/// of a path share a tag.
pub(crate) fn uri_tag(mode: Mode, host: &[u8], uri: &Uri) -> String {
    let mut tag = format!("http:{}{}", host::in_tag(host), decoded(uri.path()));
    if let (Mode::Shared, Some(query)) = (mode, uri.query()) {
        tag.push('?');
        tag.push_str(query);
    }
    tag
}
