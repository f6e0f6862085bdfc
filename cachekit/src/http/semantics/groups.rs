//! Cache groups (RFC 9875).

use http::{HeaderMap, HeaderName};

use super::structured::strings;

const CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
const CACHE_GROUP_INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");
const MAX_GROUPS: usize = 64;
/// Longest name of a group, in bytes.
const MAX_NAME: usize = 256;

/// Returns the groups that the response belongs to (RFC 9875, section 2). At most 64 are returned,
/// and none that is longer than 256 bytes.
pub(crate) fn cache_groups(headers: &HeaderMap) -> Vec<String> {
    groups(headers, &CACHE_GROUPS)
}

/// Returns the groups that the response invalidates (RFC 9875, section 3), within the bounds of
/// [`cache_groups`]. The field counts only in responses to unsafe methods.
pub(crate) fn group_invalidations(headers: &HeaderMap) -> Vec<String> {
    groups(headers, &CACHE_GROUP_INVALIDATION)
}

/// Returns the strings of a list. A field that is no list of strings is ignored.
fn groups(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let names = strings(headers, name).unwrap_or_default().into_iter();
    names
        .filter(|name| name.len() <= MAX_NAME)
        .take(MAX_GROUPS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn lists_of_groups() {
        let headers = field("cache-groups", r#""scripts", "a \"b\"""#);
        assert_eq!(cache_groups(&headers), ["scripts", "a \"b\""]);
        assert!(group_invalidations(&headers).is_empty());
        let headers = field("cache-group-invalidation", "\"A\"");
        assert_eq!(group_invalidations(&headers), ["A"]);
        assert!(cache_groups(&headers).is_empty());
    }

    #[test]
    fn a_wrong_field_is_ignored() {
        for wrong in ["scripts", "\"a\", b", "\"a", "1", ""] {
            assert!(
                cache_groups(&field("cache-groups", wrong)).is_empty(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn groups_are_bounded() {
        let many: Vec<_> = (0..100).map(|number| format!("\"{number}\"")).collect();
        assert_eq!(
            cache_groups(&field("cache-groups", &many.join(","))).len(),
            64
        );
        let long = format!("\"{}\", \"b\"", "a".repeat(257));
        assert_eq!(cache_groups(&field("cache-groups", &long)), ["b"]);
    }
}
