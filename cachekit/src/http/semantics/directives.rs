//! Directives: lists of `name`, `name=token` and `name="quoted"` (RFC 9111, section 5.2).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use super::lists::{is_token_byte, members};

/// A directive of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive<'a> {
    name: &'a [u8],
    /// Value without quotes and escapes. `None`: there is no `=`.
    pub(crate) value: Option<Cow<'a, [u8]>>,
}

impl Directive<'_> {
    /// Returns the name in lower case, or an empty one if it is longer than any known directive.
    pub(crate) fn lower_name<'b>(&self, buffer: &'b mut [u8; MAX_NAME]) -> &'b [u8] {
        let Some(target) = buffer.get_mut(..self.name.len()) else {
            return &[];
        };
        target.copy_from_slice(self.name);
        target.make_ascii_lowercase();
        target
    }
}

/// Length of the longest known name, `stale-while-revalidate`, and some more.
pub(crate) const MAX_NAME: usize = 32;

/// Iterates over the directives in all lines of the field `field`. Members that do not begin with
/// a token are left out.
pub(crate) fn directives<'a>(
    headers: &'a HeaderMap,
    field: &HeaderName,
) -> impl Iterator<Item = Directive<'a>> + use<'a> {
    members(headers, field).filter_map(directive)
}

/// Returns the directive in one member of a list. White space around `=` is not allowed: the text
/// after such white space is ignored.
fn directive(member: &[u8]) -> Option<Directive<'_>> {
    let end = member.iter().position(|byte| !is_token_byte(*byte));
    let (name, rest) = member.split_at_checked(end.unwrap_or(member.len()))?;
    if name.is_empty() {
        return None;
    }
    let value = rest.strip_prefix(b"=").map(value);
    Some(Directive { name, value })
}

fn value(text: &[u8]) -> Cow<'_, [u8]> {
    match text.strip_prefix(b"\"") {
        Some(quoted) => unquoted(quoted),
        None => Cow::Borrowed(text),
    }
}

/// Returns a quoted string without escapes. `text` begins after the first quote (RFC 9110, section
/// 5.6.4).
fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    let end = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    let end = end.unwrap_or(text.len());
    if text.get(end) != Some(&b'\\') {
        return Cow::Borrowed(text.get(..end).unwrap_or_default());
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => plain.extend(bytes.next()),
            _ => plain.push(byte),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use http::header::CACHE_CONTROL;

    use super::*;

    fn read(lines: &[&str]) -> Vec<(String, Option<String>)> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, line.parse().unwrap());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        directives(&headers, &CACHE_CONTROL)
            .map(|found| {
                let name = text(found.lower_name(&mut [0; MAX_NAME]));
                (name, found.value.as_deref().map(text))
            })
            .collect()
    }

    fn pair(name: &str, value: Option<&str>) -> (String, Option<String>) {
        (name.to_owned(), value.map(str::to_owned))
    }

    #[test]
    fn names_and_values() {
        assert_eq!(
            read(&["Public, MAX-age=60", r#"x="a, \"max-age=1\"", y="#]),
            [
                pair("public", None),
                pair("max-age", Some("60")),
                pair("x", Some(r#"a, "max-age=1""#)),
                pair("y", Some("")),
            ]
        );
    }

    #[test]
    fn white_space_around_the_equals_sign_is_wrong() {
        let found = read(&["max-age =60, s-maxage= 60"]);
        assert_eq!(found[0], pair("max-age", None));
        assert_eq!(found[1], pair("s-maxage", Some(" 60")));
    }

    #[test]
    fn what_is_no_directive_is_left_out() {
        assert_eq!(read(&["=1, \"no-store\", ,(", "a"]), [pair("a", None)]);
    }

    #[test]
    fn an_unfinished_quoted_string_ends_with_its_line() {
        let found = read(&["x=\"max-age=60, no-store", "public"]);
        assert_eq!(found[0], pair("x", Some("max-age=60, no-store")));
        assert_eq!(found[1], pair("public", None));
        assert_eq!(read(&[r#"x="a\"#])[0], pair("x", Some("a")));
    }

    #[test]
    fn an_overlong_name_is_none() {
        assert_eq!(read(&[&"n".repeat(99)])[0], pair("", None));
    }
}
