//! The template of a function's keys, and the check that two templates never give the same key.

use std::collections::HashSet;

use crate::key::component::is_bare;

/// A part of a key template: a literal, or a placeholder for a text that differs between keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece {
    /// A literal text, which every key of the template contains.
    Literal(&'static str),
    /// A placeholder for an argument of the call. The byte is the first byte of the literal that
    /// follows the argument, or 0 if no literal follows.
    Argument(u8),
    /// A placeholder for the name of the cached function.
    Name,
    /// A placeholder for the type of a method's `self`. Keys contain this type only if it is
    /// generic.
    SelfType,
}

/// An element of a pattern that all keys of one template match: a literal byte, or the text of an
/// argument.
#[derive(Debug, Clone, Copy)]
enum Step {
    Byte(u8),
    /// The text of an argument: any number of the bytes that an argument can contain if the literal
    /// after the argument begins with `stop`.
    Any {
        stop: u8,
    },
}

/// Returns `true` if the key templates `a` and `b` of the functions `a_name` and `b_name` can give
/// the same key.
///
/// The search reads both templates from left to right at the same time, and visits every pair of
/// positions that can be reached. The search takes the text of a composite argument, such as a
/// tuple, for any text. The result may therefore be `true` for two templates that never give the
/// same key, but is never `false` for two templates that do.
pub(crate) fn overlap(a: &[Piece], a_name: &str, b: &[Piece], b_name: &str) -> bool {
    let (a, b) = (steps(a, a_name), steps(b, b_name));
    let mut seen = HashSet::new();
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if i == a.len() && j == b.len() {
            return true;
        }
        if !seen.insert((i, j)) {
            continue;
        }
        let (left, right) = (a.get(i).copied(), b.get(j).copied());
        // The text of an argument may be empty, or may end at this position.
        if let Some(Step::Any { .. }) = left {
            open.push((i + 1, j));
        }
        if let Some(Step::Any { .. }) = right {
            open.push((i, j + 1));
        }
        match (left, right) {
            (Some(Step::Byte(x)), Some(Step::Byte(y))) if x == y => open.push((i + 1, j + 1)),
            (Some(Step::Any { stop }), Some(Step::Byte(y))) if holds(stop, y) => {
                open.push((i, j + 1));
            }
            (Some(Step::Byte(x)), Some(Step::Any { stop })) if holds(stop, x) => {
                open.push((i + 1, j));
            }
            _ => {}
        }
    }
    false
}

fn steps(pieces: &[Piece], name: &str) -> Vec<Step> {
    let bytes = |text: &str| text.bytes().map(Step::Byte).collect::<Vec<_>>();
    pieces
        .iter()
        .flat_map(|piece| match *piece {
            Piece::Literal(text) => bytes(text),
            Piece::Name => bytes(name),
            Piece::Argument(stop) => vec![Step::Any { stop }],
            // A key may contain the type of `self` or not, and without the type the two templates
            // may give the same key.
            Piece::SelfType => Vec::new(),
        })
        .collect()
}

/// Returns `true` if `byte` may occur in a key in the place of a template's placeholder, such as
/// `{id}`. `stop` is the first byte of the template's text after the placeholder, for example the
/// `:` in `{id}:{page}`. A `stop` in the argument's value is written as an escape (`%` and
/// hexadecimal digits), and tuples and lists are written with `(`, `,` and `)`.
fn holds(stop: u8, byte: u8) -> bool {
    is_bare(byte, stop) || matches!(byte, b'%' | b'(' | b',' | b')')
        // The hexadecimal digits of an escape may be equal to the stop byte.
        || (byte == stop && (byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'+')))
}

/// Returns the key template as a user would write it, with `{}` for each argument. The text is for
/// error messages.
pub(crate) fn shown(pieces: &[Piece], name: &str) -> String {
    pieces
        .iter()
        .map(|piece| match *piece {
            Piece::Literal(text) => text,
            Piece::Name => name,
            Piece::Argument(_) => "{}",
            Piece::SelfType => "",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::buf::KeyBuf;

    fn meet(a: &[Piece], b: &[Piece]) -> bool {
        overlap(a, "a::f", b, "b::g")
    }

    /// Generates a key template in which literals and arguments alternate, so that a literal
    /// separates any two arguments.
    fn template() -> impl Strategy<Value = Vec<Piece>> {
        let literal = prop::sample::select(vec!["a", "b", "a:", ":", "-", "ab:", "A", ",", ")"]);
        let middle = prop::collection::vec(literal.clone(), 0..3);
        (prop::option::of(literal.clone()), middle, any::<bool>()).prop_map(
            |(first, rest, last)| {
                let mut pieces: Vec<Piece> = first.into_iter().map(Piece::Literal).collect();
                for literal in rest {
                    pieces.push(Piece::Argument(literal.as_bytes()[0]));
                    pieces.push(Piece::Literal(literal));
                }
                if last {
                    pieces.push(Piece::Argument(0));
                }
                pieces
            },
        )
    }

    fn argument() -> impl Strategy<Value = Option<(String, Vec<String>)>> {
        let text = "[ab:,)%-]{0,3}";
        prop::option::weighted(0.8, (text, prop::collection::vec(text, 0..2)))
    }

    fn rendered(
        pieces: &[Piece],
        arguments: &[Option<(String, Vec<String>)>],
        plain: bool,
    ) -> String {
        let mut key = KeyBuf::new();
        let mut arguments = arguments.iter();
        for piece in pieces {
            match *piece {
                Piece::Literal(text) => key.literal(text),
                Piece::Name => key.literal("name"),
                Piece::SelfType => {}
                Piece::Argument(stop) => match arguments.next() {
                    Some(Some((text, _))) if plain => key.part(stop, text),
                    other => key.part(stop, &other),
                },
            }
        }
        key.to_text().into_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Checks that two key templates for which `overlap` returns `false` never give the same
        /// key.
        #[test]
        fn templates_that_do_not_meet_share_no_key(
            a in template(), b in template(),
            left in prop::collection::vec(argument(), 4), right in prop::collection::vec(argument(), 4),
            plain in any::<bool>(),
        ) {
            if rendered(&a, &left, plain) == rendered(&b, &right, plain) {
                prop_assert!(meet(&a, &b), "{} and {}", shown(&a, ""), shown(&b, ""));
            }
        }
    }

    #[test]
    fn same_shape_meets() {
        let user = [Piece::Literal("user:"), Piece::Argument(0)];
        assert!(meet(&user, &user));
    }

    #[test]
    fn other_prefix_does_not_meet() {
        let user = [Piece::Literal("user:"), Piece::Argument(0)];
        let org = [Piece::Literal("org:"), Piece::Argument(0)];
        assert!(!meet(&user, &org));
    }

    #[test]
    fn an_argument_does_not_reach_over_a_separator() {
        let kind = [
            Piece::Argument(b':'),
            Piece::Literal(":"),
            Piece::Argument(0),
        ];
        let user = [Piece::Literal("user:"), Piece::Argument(0)];
        let deep = [Piece::Literal("user:x:"), Piece::Argument(0)];
        assert!(meet(&kind, &user));
        assert!(!meet(&user, &deep));
    }

    #[test]
    fn a_bare_argument_meets_a_safe_prefix() {
        let prefixed = [Piece::Literal("u"), Piece::Argument(0)];
        assert!(meet(&prefixed, &[Piece::Argument(0)]));
    }

    #[test]
    fn names_keep_default_keys_apart() {
        let default = [Piece::Name, Piece::Literal(":"), Piece::Argument(0)];
        assert!(!meet(&default, &default));
        assert!(overlap(&default, "a::f", &default, "a::f"));
    }
}
