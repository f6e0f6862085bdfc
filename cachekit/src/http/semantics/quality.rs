//! Preferences of a request: members of `Accept` and similar fields, with weights (RFC 9110,
//! section 12.4.2).

use super::lists::split;
use super::numbers::digits;

/// Weight of a member without `q`, in thousandths.
pub(crate) const FULL: u16 = 1_000;

/// A member of a list of preferences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preference {
    /// Name and parameters except `q`, in lower case outside quotes, without white space.
    pub(crate) name: Vec<u8>,
    /// Weight in thousandths.
    pub(crate) quality: u16,
}

impl Preference {
    /// Reads a member of a list. A wrong `q` is a parameter like any other.
    pub(crate) fn of(member: &[u8]) -> Self {
        let mut quality = None;
        let mut name = Vec::with_capacity(member.len());
        for (index, part) in split(member, b';').enumerate() {
            let weight = if index == 0 { None } else { weight(part) };
            if weight.is_some() && quality.is_none() {
                quality = weight;
                continue;
            }
            if index > 0 {
                name.push(b';');
            }
            push_lower(&mut name, part);
        }
        Self {
            name,
            quality: quality.unwrap_or(FULL),
        }
    }
}

/// Returns the weight in `q=0.5`, or `None` if `part` is no weight.
fn weight(part: &[u8]) -> Option<u16> {
    let [b'q' | b'Q', b'=', whole @ (b'0' | b'1'), rest @ ..] = part else {
        return None;
    };
    let fraction = match rest {
        [] => 0,
        [b'.', fraction @ ..] if fraction.len() <= 3 => thousandths(fraction)?,
        _ => return None,
    };
    let weight = u16::from(whole - b'0') * FULL + fraction;
    (weight <= FULL).then_some(weight)
}

fn thousandths(fraction: &[u8]) -> Option<u16> {
    let mut padded = *b"000";
    padded.get_mut(..fraction.len())?.copy_from_slice(fraction);
    u16::try_from(digits(&padded)?).ok()
}

/// Appends `text` in lower case, except quoted strings, in which case may matter.
fn push_lower(name: &mut Vec<u8>, text: &[u8]) {
    let unquoted = text.iter().position(|byte| *byte == b'"');
    let (plain, quoted) = text.split_at(unquoted.unwrap_or(text.len()));
    name.extend(plain.iter().map(u8::to_ascii_lowercase));
    name.extend(quoted);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (String, u16) {
        let found = Preference::of(text.as_bytes());
        (
            String::from_utf8_lossy(&found.name).into_owned(),
            found.quality,
        )
    }

    #[test]
    fn weights() {
        for (text, name, quality) in [
            ("EN", "en", 1_000),
            ("en;q=0.5", "en", 500),
            ("en ; Q=1.000", "en", 1_000),
            ("en;q=0", "en", 0),
            ("en;q=0.", "en", 0),
            ("a/b;Level=1;q=0.25;x=\"Y\"", "a/b;level=1;x=\"Y\"", 250),
        ] {
            assert_eq!(read(text), (name.to_owned(), quality), "{text}");
        }
    }

    #[test]
    fn wrong_weights_are_parameters() {
        for text in [
            "en;q=2",
            "en;q=1.1",
            "en;q=0.1234",
            "en;q=x",
            "en;q=",
            "en;q=0.a",
        ] {
            assert_eq!(read(text), (text.to_owned(), FULL), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text: Vec<u8>) {
            prop_assert!(Preference::of(&text).quality <= FULL);
        }
    }
}
