//! Percent-encoded text.

use std::borrow::Cow;

/// Decodes percent-encoded text. Text whose bytes are not UTF-8 is returned as it is, and so is an
/// incomplete escape.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    match String::from_utf8(decoded_bytes(text.as_bytes())) {
        Ok(decoded) => Cow::Owned(decoded),
        Err(_) => Cow::Borrowed(text),
    }
}

/// Decodes a name or a value of a query, in which `+` is a space.
pub(crate) fn decoded_in_query(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        return Cow::Owned(decoded(&text.replace('+', " ")).into_owned());
    }
    decoded(text)
}

/// Decodes percent-encoded bytes.
pub(crate) fn decoded_bytes(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        let escape = match behind {
            [high, low, ..] if first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = escape {
            bytes.push(high * 16 + low);
            rest = &behind[2..];
        } else {
            bytes.push(first);
        }
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
