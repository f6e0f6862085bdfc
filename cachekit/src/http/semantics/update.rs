//! Freshening a stored response with a 304 (RFC 9111, section 3.2).

use http::header::{
    AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::hop_by_hop::remove_hop_by_hop;

/// Fields about the stored content, which a 304 does not change.
const KEPT: [HeaderName; 4] = [
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    CONTENT_TYPE,
];

/// Replaces the stored fields that the 304 has, with all their lines. Fields about the content
/// stay, and those of the connection are left out. `Date` and `Age` of the stored response are
/// removed even if the 304 has none, because the response would otherwise be as old as before.
/// `Set-Cookie` is only replaced, not added: if the stored response has none, the policy may refuse
/// or strip the field.
pub(crate) fn update_from_304(stored: &mut HeaderMap, from: &HeaderMap) {
    let mut from = from.clone();
    remove_hop_by_hop(&mut from);
    for name in &KEPT {
        from.remove(name);
    }
    if !stored.contains_key(SET_COOKIE) {
        from.remove(SET_COOKIE);
    }
    stored.remove(AGE);
    stored.remove(DATE);
    for name in from.keys() {
        replace(stored, name, from.get_all(name).iter());
    }
}

fn replace<'a>(
    headers: &mut HeaderMap,
    name: &HeaderName,
    lines: impl Iterator<Item = &'a HeaderValue>,
) {
    headers.remove(name);
    for line in lines {
        // A map that cannot have more fields stays as it is.
        let _ = headers.try_append(name, line.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn fields_are_replaced_with_all_their_lines() {
        let mut stored = headers(&[("link", "1"), ("link", "2"), ("x", "1"), ("etag", "\"a\"")]);
        let from = headers(&[("link", "3"), ("link", "4"), ("y", "1"), ("etag", "\"b\"")]);
        update_from_304(&mut stored, &from);
        let links: Vec<_> = stored.get_all("link").iter().collect();
        assert_eq!(links, ["3", "4"]);
        assert_eq!(
            (&stored["x"], &stored["y"]),
            (&"1".parse().unwrap(), &"1".parse().unwrap())
        );
        assert_eq!(stored["etag"], "\"b\"");
    }

    #[test]
    fn fields_about_the_content_stay() {
        let names = [
            "content-length",
            "content-encoding",
            "content-range",
            "content-type",
        ];
        let mut stored = headers(&names.map(|name| (name, "a")));
        update_from_304(&mut stored, &headers(&names.map(|name| (name, "b"))));
        assert!(names.iter().all(|name| stored[*name] == "a"));
        update_from_304(
            &mut stored,
            &headers(&[("content-md5", "b"), ("content-foo", "b")]),
        );
        assert_eq!(stored.len(), 6);
    }

    #[test]
    fn fields_of_the_connection_are_left_out() {
        let mut stored = headers(&[("a", "1")]);
        let from = headers(&[
            ("connection", "b"),
            ("b", "2"),
            ("keep-alive", "9"),
            ("te", "x"),
        ]);
        update_from_304(&mut stored, &from);
        assert_eq!(stored, headers(&[("a", "1")]));
    }

    #[test]
    fn the_age_is_the_304s() {
        let mut stored = headers(&[("age", "9"), ("date", "then")]);
        update_from_304(&mut stored, &headers(&[("date", "now")]));
        assert_eq!(stored, headers(&[("date", "now")]));
        update_from_304(&mut stored, &headers(&[]));
        assert!(stored.is_empty());
    }

    #[test]
    fn cookies_are_not_added() {
        let mut stored = headers(&[]);
        let from = headers(&[("set-cookie", "b")]);
        update_from_304(&mut stored, &from);
        assert!(stored.is_empty());
        let mut stored = headers(&[("set-cookie", "a")]);
        update_from_304(&mut stored, &from);
        assert_eq!(stored, from);
    }
}
