//! Entity tags (RFC 9110, section 8.8.3).

use http::header::ETAG;
use http::{HeaderMap, HeaderName};

use super::lists::trim;

/// An entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityTag<'a> {
    pub(crate) is_weak: bool,
    /// Text between the quotes.
    pub(crate) opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Reads an entity tag. Returns `None` if the syntax is wrong.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (tag, rest) = Self::first(trim(text))?;
        rest.is_empty().then_some(tag)
    }

    /// Returns the entity tag of a response.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        Self::parse(headers.get(ETAG)?.as_bytes())
    }

    /// Returns `true` if both tags have the same text (RFC 9110, section 8.8.3.2).
    pub(crate) fn matches_weakly(self, other: EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }

    /// Returns `true` if both tags have the same text and none is weak.
    pub(crate) fn matches_strongly(self, other: EntityTag<'_>) -> bool {
        !self.is_weak && !other.is_weak && self.opaque == other.opaque
    }

    /// Reads the entity tag at the start of `text`. Returns the rest, too.
    fn first(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let quoted = text.strip_prefix(b"W/");
        let is_weak = quoted.is_some();
        let opaque = quoted.unwrap_or(text).strip_prefix(b"\"")?;
        // There are no escapes in an entity tag.
        let end = opaque.iter().position(|byte| *byte == b'"')?;
        let (opaque, rest) = opaque.split_at_checked(end)?;
        let is_allowed = |byte: &u8| matches!(byte, 0x21..=0x7e | 0x80..);
        let tag = Self { is_weak, opaque };
        let rest = rest.get(1..)?;
        opaque.iter().all(is_allowed).then_some((tag, rest))
    }
}

/// Value of `If-None-Match` or `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagList<'a> {
    /// `*`: any representation.
    Any,
    Tags(Vec<EntityTag<'a>>),
}

impl<'a> TagList<'a> {
    /// Reads all lines of the field `name`. Members with wrong syntax are left out. Returns `None`
    /// if the field is absent.
    pub(crate) fn of(headers: &'a HeaderMap, name: &HeaderName) -> Option<Self> {
        let first = headers.get(name)?;
        let mut tags = Vec::new();
        for line in headers.get_all(name) {
            add_line(&mut tags, line.as_bytes());
        }
        let is_any = trim(first.as_bytes()) == b"*" && tags.is_empty();
        Some(if is_any { Self::Any } else { Self::Tags(tags) })
    }

    /// Returns `true` if the list has `*`, or a tag that is weakly equal to the stored one.
    pub(crate) fn has_weak_match(&self, stored: Option<EntityTag<'_>>) -> bool {
        match (self, stored) {
            (Self::Any, _) => true,
            (Self::Tags(_), None) => false,
            (Self::Tags(tags), Some(stored)) => tags.iter().any(|tag| tag.matches_weakly(stored)),
        }
    }
}

fn add_line<'a>(tags: &mut Vec<EntityTag<'a>>, mut rest: &'a [u8]) {
    while !rest.is_empty() {
        rest = trim(rest);
        let found = EntityTag::first(rest);
        let behind = found.map_or(rest, |(_, behind)| behind);
        let end = behind.iter().position(|byte| *byte == b',');
        let (junk, next) = behind.split_at(end.unwrap_or(behind.len()));
        if let Some((tag, _)) = found
            && trim(junk).is_empty()
        {
            tags.push(tag);
        }
        rest = next.get(1..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::IF_NONE_MATCH;
    use proptest::prelude::*;

    use super::*;

    fn tag(is_weak: bool, opaque: &str) -> EntityTag<'_> {
        let opaque = opaque.as_bytes();
        EntityTag { is_weak, opaque }
    }

    fn list(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(
                IF_NONE_MATCH,
                HeaderValue::from_bytes(line.as_bytes()).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn syntax() {
        assert_eq!(EntityTag::parse(b" \"a,\\b\" "), Some(tag(false, "a,\\b")));
        assert_eq!(EntityTag::parse(b"W/\"\""), Some(tag(true, "")));
        for wrong in [
            "", "a", "\"a", "a\"", "w/\"a\"", "W\"a\"", "W/ \"a\"", "\"a b\"", "\"a\"b", "*",
        ] {
            assert_eq!(EntityTag::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn comparison() {
        let (weak, strong) = (tag(true, "1"), tag(false, "1"));
        assert!(weak.matches_weakly(strong) && weak.matches_weakly(weak));
        assert!(!weak.matches_weakly(tag(true, "2")));
        assert!(strong.matches_strongly(strong));
        assert!(!weak.matches_strongly(weak) && !strong.matches_strongly(weak));
        assert!(!weak.matches_strongly(strong) && !strong.matches_strongly(tag(false, "2")));
    }

    #[test]
    fn lists() {
        let headers = list(&[r#""a,b", W/"c",, x, "d" e"#, "\"\u{fc}\""]);
        let tags = [tag(false, "a,b"), tag(true, "c"), tag(false, "\u{fc}")];
        let read = TagList::of(&headers, &IF_NONE_MATCH);
        assert_eq!(read, Some(TagList::Tags(tags.to_vec())));
        assert!(read.as_ref().unwrap().has_weak_match(Some(tag(false, "c"))));
        assert!(!read.unwrap().has_weak_match(None));
    }

    #[test]
    fn stars() {
        assert_eq!(
            TagList::of(&list(&[" *"]), &IF_NONE_MATCH),
            Some(TagList::Any)
        );
        assert!(TagList::Any.has_weak_match(None));
        let mixed = list(&["*, \"a\""]);
        let tags = TagList::Tags(vec![tag(false, "a")]);
        assert_eq!(TagList::of(&mixed, &IF_NONE_MATCH), Some(tags));
        assert_eq!(TagList::of(&HeaderMap::new(), &IF_NONE_MATCH), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text: Vec<u8>, likely in "[W/\", a*]{0,30}") {
            for text in [&text[..], likely.as_bytes()] {
                let _ = EntityTag::parse(text);
                let mut tags = Vec::new();
                add_line(&mut tags, text);
            }
        }
    }
}
