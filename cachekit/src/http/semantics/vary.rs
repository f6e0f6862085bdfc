//! `Vary`: which fields of a request select a response (RFC 9110, section 12.5.5; RFC 9111,
//! section 4.1).

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::lists::{members, trim};
use super::quality::{FULL, Preference};

/// Fields that a response varies by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Vary {
    /// The response varies by more than fields, so no other request selects it.
    Star,
    /// The fields, in order and without repetition.
    Names(Vec<HeaderName>),
}

impl Vary {
    /// Reads all lines of `Vary`. A member that is no field name counts as `*`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut names = Vec::new();
        for member in members(headers, &VARY) {
            // `*` could be the name of a field, too.
            match HeaderName::from_bytes(member) {
                Ok(name) if name != "*" => names.push(name),
                _ => return Self::Star,
            }
        }
        names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
        Self::Names(names)
    }
}

/// Returns the request's values of the fields `names`, normalised; `None` for an absent field.
pub(crate) fn nominated(
    names: &[HeaderName],
    headers: &HeaderMap,
) -> Vec<(HeaderName, Option<Bytes>)> {
    let pair = |name: &HeaderName| (name.clone(), normalised(name, headers));
    names.iter().map(pair).collect()
}

/// Returns `true` if the request has the values that [`nominated`] returned for another request.
/// An absent field is equal to an absent field only.
pub(crate) fn matches(nominated: &[(HeaderName, Option<Bytes>)], headers: &HeaderMap) -> bool {
    nominated
        .iter()
        .all(|(name, value)| is_equal(name, value.as_ref(), headers))
}

fn is_equal(name: &HeaderName, value: Option<&Bytes>, headers: &HeaderMap) -> bool {
    match (value, headers.get(name)) {
        (None, None) => true,
        (Some(value), Some(_)) => normalised(name, headers).as_ref() == Some(value),
        _ => false,
    }
}

/// Returns the field's lines as one list. The order of equal preferences does not count.
fn normalised(name: &HeaderName, headers: &HeaderMap) -> Option<Bytes> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    if [ACCEPT, ACCEPT_LANGUAGE, ACCEPT_ENCODING].contains(name) {
        return Some(preferences(name, headers).into());
    }
    if lines.next().is_none() && !has_list(first) {
        return Some(Bytes::copy_from_slice(trim(first.as_bytes())));
    }
    let members: Vec<&[u8]> = members(headers, name).collect();
    Some(members.join(&b","[..]).into())
}

fn has_list(value: &HeaderValue) -> bool {
    value.as_bytes().contains(&b',')
}

fn preferences(name: &HeaderName, headers: &HeaderMap) -> Vec<u8> {
    let mut preferences: Vec<Preference> = members(headers, name).map(Preference::of).collect();
    preferences.sort_unstable_by(|a, b| {
        let by_quality = b.quality.cmp(&a.quality);
        by_quality.then_with(|| a.name.cmp(&b.name))
    });
    preferences.dedup();
    let written: Vec<Vec<u8>> = preferences.into_iter().map(written).collect();
    written.join(&b',')
}

fn written(preference: Preference) -> Vec<u8> {
    let mut text = preference.name;
    if preference.quality != FULL {
        text.extend(format!(";q=0.{:03}", preference.quality).bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn vary(lines: &[&str]) -> Vary {
        let lines: Vec<_> = lines.iter().map(|line| ("vary", *line)).collect();
        Vary::of(&headers(&lines))
    }

    /// Returns `true` if two requests select one response of those that vary by `name`.
    fn same(name: &'static str, stored: &[&str], other: &[&str]) -> bool {
        let request = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| (name, *line)).collect();
            headers(&lines)
        };
        let names = [HeaderName::from_static(name)];
        matches(&nominated(&names, &request(stored)), &request(other))
    }

    #[test]
    fn a_star_anywhere() {
        for lines in [
            &["*"][..],
            &["*, *"],
            &["", "*"],
            &[", *"],
            &["*, Foo"],
            &["Foo, *"],
        ] {
            assert_eq!(vary(lines), Vary::Star, "{lines:?}");
        }
        assert_eq!(vary(&["a b"]), Vary::Star);
    }

    #[test]
    fn names_of_all_lines() {
        let names = ["bar", "foo"].map(HeaderName::from_static).to_vec();
        assert_eq!(vary(&["Foo, bar", "FOO"]), Vary::Names(names));
        assert_eq!(Vary::of(&HeaderMap::new()), Vary::Names(vec![]));
    }

    #[test]
    fn values_are_equal_after_normalisation() {
        assert!(same("foo", &["1"], &["1"]));
        assert!(same("foo", &["1, 2"], &["1", "2"]));
        assert!(same("foo", &["1,2"], &[" 1, 2 "]));
        assert!(!same("foo", &["1"], &["2"]));
        assert!(!same("foo", &["a"], &["A"]));
        assert!(!same("foo", &[r#""1, 2""#], &[r#""1,2""#]));
    }

    #[test]
    fn absent_is_equal_to_absent_only() {
        assert!(same("foo", &[], &[]));
        assert!(!same("foo", &[], &["1"]));
        assert!(!same("foo", &["1"], &[]));
        assert!(!same("foo", &[], &[""]));
    }

    #[test]
    fn the_order_of_equal_preferences_does_not_count() {
        let same = |a: &str, b: &str| same("accept-language", &[a], &[b]);
        assert!(same("en, de", "de, en"));
        assert!(same("en, de", "eN, De"));
        assert!(same("en, de", " en ,   de"));
        assert!(same("en;q=0.5, de", "de;q=1.0, en; q=0.50"));
        assert!(!same("en;q=0.5, de", "en, de;q=0.5"));
        assert!(!same("en", "de"));
        assert!(!same("en;q=0.5", "en;q=0.4"));
    }

    #[test]
    fn all_fields_have_to_be_equal() {
        let stored = headers(&[("a", "1"), ("b", "2")]);
        let names = ["a", "b"].map(HeaderName::from_static);
        let stored = nominated(&names, &stored);
        assert!(matches(
            &stored,
            &headers(&[("b", "2"), ("a", "1"), ("c", "3")])
        ));
        assert!(!matches(&stored, &headers(&[("a", "1"), ("b", "3")])));
        assert!(!matches(&stored, &headers(&[("a", "1")])));
        assert!(matches(&[], &headers(&[("a", "1")])));
    }

    proptest! {
        #[test]
        fn every_value_is_equal_to_itself(text: Vec<u8>, likely in "[a\"\\\\,;q=.01 ]{0,30}") {
            for text in [&text[..], likely.as_bytes()] {
                let Ok(value) = HeaderValue::from_bytes(text) else { continue };
                let mut headers = HeaderMap::new();
                let names = ["accept", "foo", "vary"].map(HeaderName::from_static);
                for name in &names {
                    headers.append(name, value.clone());
                }
                let _ = Vary::of(&headers);
                prop_assert!(matches(&nominated(&names, &headers), &headers));
            }
        }
    }
}
