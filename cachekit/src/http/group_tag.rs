//! Tags of cache groups (RFC 9875).

use crate::http::rules::host::in_tag;

/// Returns the tag of the responses in the group `group` of the site `host`. A group belongs to one
/// site, so that no site invalidates another's responses.
pub(crate) fn group_tag(host: &[u8], group: &str) -> String {
    format!("http-group:{}:{group}", in_tag(host))
}
