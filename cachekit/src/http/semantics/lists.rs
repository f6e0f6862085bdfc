//! Comma-separated lists in header fields (RFC 9110, section 5.6).

use http::{HeaderMap, HeaderName};

/// Iterates over the members of a list in all lines of the field `name`. Empty members are left
/// out, and a comma inside a quoted string does not end a member.
pub(crate) fn members<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line_members(line.as_bytes()))
}

/// Iterates over the members of a list in one line.
pub(crate) fn line_members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(line, b',').filter(|member| !member.is_empty())
}

/// Splits `text` at each `separator` that is not in a quoted string, and trims the parts.
pub(crate) fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = unquoted_position(text, separator);
        rest = end.and_then(|end| text.get(end + 1..));
        text.get(..end.unwrap_or(text.len())).map(trim)
    })
}

/// Returns the position of the first `wanted` in `text` that is not in a quoted string (RFC 9110,
/// section 5.6.4).
pub(crate) fn unquoted_position(text: &[u8], wanted: u8) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.iter().position(|&byte| {
        if escaped {
            escaped = false;
            return false;
        }
        escaped = quoted && byte == b'\\';
        quoted ^= byte == b'"';
        byte == wanted && !quoted
    })
}

/// Removes optional white space on both sides (RFC 9110, section 5.6.3).
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// Returns `true` if `byte` may be in a token (RFC 9110, section 5.6.2).
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        let text_of = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        line_members(text.as_bytes()).map(text_of).collect()
    }

    #[test]
    fn members_are_trimmed_and_empty_ones_left_out() {
        assert_eq!(parts(" a ,, b\t,"), ["a", "b"]);
        assert!(parts(" , ").is_empty());
    }

    #[test]
    fn quoted_commas_do_not_split() {
        assert_eq!(parts(r#"a="1,\",2", b"#), [r#"a="1,\",2""#, "b"]);
        assert_eq!(parts(r#"a="1, b"#), [r#"a="1, b"#]);
    }

    #[test]
    fn a_backslash_outside_quotes_is_text() {
        assert_eq!(parts(r"a\,b"), [r"a\", "b"]);
    }

    #[test]
    fn all_lines_are_read() {
        let mut headers = HeaderMap::new();
        headers.append("vary", "a, b".parse().unwrap());
        headers.append("vary", "c".parse().unwrap());
        let read: Vec<_> = members(&headers, &http::header::VARY).collect();
        assert_eq!(read, [b"a", b"b", b"c"]);
    }
}
