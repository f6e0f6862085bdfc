//! The conversion of argument words (a call's arguments as 64-bit words) to the text of the call's
//! key.

use crate::key::arg_words::{
    CLOSE, ELEMENT, END, KIND, LAST, NEXT, NONE, OPEN, REST, SIGNED, SOME, TEXT, UNSIGNED,
    WIDE_SIGNED, WIDE_UNSIGNED,
};
use crate::key::buf::{KeyBuf, SELF_TYPE};
use crate::key::component::KeyWriter;
use crate::key::template::Piece;

/// Returns the key of a call of the function `name`, whose keys have the template `template`.
/// `arg_words` are the arguments of the call as 64-bit words.
pub(crate) fn render(arg_words: &[u64], template: &[Piece], name: &str) -> KeyBuf {
    let mut key = KeyBuf::new();
    let mut arg_words = Reader(arg_words);
    for piece in template {
        match *piece {
            Piece::Literal(text) => key.literal(text),
            Piece::Name => key.literal(name),
            Piece::Argument(stop) => arg_words.write(&mut KeyWriter::new(&mut key, stop)),
            Piece::SelfType => {
                if !arg_words.0.is_empty() {
                    key.literal(SELF_TYPE);
                    arg_words.write(&mut KeyWriter::new(&mut key, 0));
                }
            }
        }
    }
    key
}

/// A reader of a call's arguments as words of 64 bits. The slice has the words that were not read
/// yet.
pub(crate) struct Reader<'a>(&'a [u64]);

impl Reader<'_> {
    /// Reads the words of 64 bits up to the end of the current argument, element or `Some`, and
    /// writes the text for which the words stand to `out`.
    fn write(&mut self, out: &mut KeyWriter<'_>) {
        while let Some(word) = self.word() {
            let rest = word >> REST;
            match word & KIND {
                END => {}
                TEXT => self.text(rest, out),
                UNSIGNED => out.text(itoa::Buffer::new().format(rest)),
                WIDE_UNSIGNED => {
                    let number = self.word().unwrap_or_default();
                    out.text(itoa::Buffer::new().format(number));
                }
                SIGNED => out.text(itoa::Buffer::new().format(unfolded(rest))),
                WIDE_SIGNED => {
                    let number = self.word().unwrap_or_default();
                    out.text(itoa::Buffer::new().format(unfolded(number)));
                }
                OPEN => out.open(),
                NEXT => out.next(),
                CLOSE => out.close(),
                ELEMENT => out.inner(|inner| self.write(inner)),
                SOME => out.present(|inner| self.write(inner)),
                NONE => out.absent(),
                short => {
                    let length = usize::try_from(short & 7).unwrap_or_default();
                    out.bytes(&rest.to_le_bytes()[..length]);
                }
            }
            if word & LAST != 0 {
                return;
            }
        }
    }

    fn text(&mut self, length: u64, out: &mut KeyWriter<'_>) {
        let mut left = usize::try_from(length).unwrap_or_default();
        while left > 0
            && let Some(word) = self.word()
        {
            let bytes = left.min(8);
            out.bytes(&word.to_le_bytes()[..bytes]);
            left -= bytes;
        }
    }

    fn word(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
}

pub(crate) fn unfolded(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashMap;
    use std::fmt;

    use proptest::prelude::*;

    use super::*;
    use crate::key::component::CacheKey;

    /// An argument of any kind for a key, so that all kinds of argument words (words of 64 bits)
    /// occur, also inside one another.
    #[derive(Debug, Clone)]
    enum Any {
        Text(String),
        Unsigned(u64),
        Signed(i64),
        Small(i16),
        Wide(u128),
        Flag(bool),
        Shown(String),
        Maybe(Option<Box<Any>>),
        List(Vec<Any>),
        Pair(Box<(Any, Any)>),
        Variant(String, Vec<Any>),
        Unit,
    }

    /// A text whose `Display` writes each word of the text by a call of its own.
    struct Shown<'a>(&'a str);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0
                .split_inclusive(' ')
                .try_for_each(|word| f.write_str(word))
        }
    }

    impl CacheKey for Any {
        fn write_key(&self, out: &mut KeyWriter<'_>) {
            match self {
                Self::Text(text) => Cow::Borrowed(&**text).write_key(out),
                Self::Unsigned(number) => number.write_key(out),
                Self::Signed(number) => number.write_key(out),
                Self::Small(number) => number.write_key(out),
                Self::Wide(number) => number.write_key(out),
                Self::Flag(flag) => flag.write_key(out),
                Self::Shown(text) => out.display(&Shown(text)),
                Self::Maybe(maybe) => maybe.write_key(out),
                Self::List(list) => list.write_key(out),
                Self::Pair(pair) => pair.write_key(out),
                Self::Unit => ().write_key(out),
                Self::Variant(name, fields) => {
                    out.name(name);
                    out.open();
                    for (n, field) in fields.iter().enumerate() {
                        if n > 0 {
                            out.next();
                        }
                        match field {
                            Self::Shown(text) => out.field_display(&Shown(text)),
                            field => out.field(field),
                        }
                    }
                    out.close();
                }
            }
        }
    }

    fn any_argument() -> impl Strategy<Value = Any> {
        let text = "[a-z:;%()+ ,é-]{0,10}";
        let leaf = prop_oneof![
            4 => text.prop_map(Any::Text),
            1 => "[a%]{250,300}".prop_map(Any::Text),
            2 => any::<u64>().prop_map(Any::Unsigned),
            1 => any::<i64>().prop_map(Any::Signed),
            1 => any::<i16>().prop_map(Any::Small),
            1 => any::<u128>().prop_map(Any::Wide),
            1 => any::<bool>().prop_map(Any::Flag),
            2 => text.prop_map(Any::Shown),
            1 => Just(Any::Unit),
        ];
        leaf.prop_recursive(3, 12, 3, move |inner| {
            prop_oneof![
                prop::option::of(inner.clone().prop_map(Box::new)).prop_map(Any::Maybe),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Any::List),
                (inner.clone(), inner.clone()).prop_map(|pair| Any::Pair(Box::new(pair))),
                ("[a-z]{0,2}", prop::collection::vec(inner, 0..3))
                    .prop_map(|(name, fields)| Any::Variant(name, fields)),
            ]
        })
    }

    const TEMPLATE: [Piece; 6] = [
        Piece::Name,
        Piece::Literal(":"),
        Piece::Argument(b':'),
        Piece::Literal(":"),
        Piece::Argument(0),
        Piece::SelfType,
    ];

    fn write(mut key: KeyBuf, first: &Any, second: &Any, is_generic: bool) -> KeyBuf {
        key.literal("a::f");
        key.literal(":");
        key.part(b':', first);
        key.literal(":");
        key.part(0, second);
        if is_generic {
            key.self_type::<Vec<u8>>();
        } else {
            key.self_type::<u8>();
        }
        key
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_key_made_of_tokens_is_the_key_that_is_written(
            first in any_argument(), second in any_argument(), is_generic in any::<bool>(),
        ) {
            let arg_words = write(KeyBuf::arg_words(), &first, &second, is_generic);
            let made = render(arg_words.words(), &TEMPLATE, "a::f");
            let written = write(KeyBuf::new(), &first, &second, is_generic);
            prop_assert_eq!(made.to_text(), written.to_text());
        }
    }

    /// Asserts that two calls have equal keys if their arguments are equal as words of 64 bits. The
    /// arguments are small texts and numbers, whose words are the likeliest to be equal by
    /// accident.
    #[test]
    fn equal_tokens_are_equal_keys() {
        let texts = ["", "a", "0", "\0", "\u{1}a", "\u{3}"].map(|text| Any::Text(text.to_owned()));
        let numbers = [0, 1, 3, 0x61_01, 1 << 56, u64::MAX].map(Any::Unsigned);
        let small = [0, -1].map(Any::Small);
        let leaves: Vec<Any> = texts.into_iter().chain(numbers).chain(small).collect();
        let list = |items: &[Any]| Any::List(items.to_vec());
        let mut all = leaves.clone();
        all.push(list(&[]));
        all.push(Any::Maybe(None));
        for leaf in &leaves {
            all.push(Any::Maybe(Some(Box::new(leaf.clone()))));
            let one = list(std::slice::from_ref(leaf));
            all.push(list(&[leaf.clone(), leaf.clone()]));
            all.push(list(std::slice::from_ref(&one)));
            all.push(one);
        }
        let mut seen: HashMap<Vec<u64>, String> = HashMap::new();
        for first in &all {
            for second in &all {
                let arg_words = write(KeyBuf::arg_words(), first, second, false);
                let key = write(KeyBuf::new(), first, second, false)
                    .to_text()
                    .into_owned();
                let known = seen
                    .entry(arg_words.words().to_vec())
                    .or_insert_with(|| key.clone());
                assert_eq!(*known, key, "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn tokens_cut_short_end_early() {
        let list = Any::List(vec![Any::Unsigned(7), Any::Text("ab".repeat(200))]);
        let whole = write(KeyBuf::arg_words(), &list, &Any::Flag(true), true);
        for end in 0..whole.words().len() {
            render(&whole.words()[..end], &TEMPLATE, "a::f");
        }
    }
}
