//! The writer of one argument to a key or tag, and the trait of the values that can be arguments.

#![expect(
    clippy::inline_always,
    reason = "inlined, the argument words of a hit stay in registers: a seventh of its instructions"
)]

use std::fmt::{self, Write as _};

use crate::key::arg_words;
use crate::key::buf::{Form, KeyBuf};

/// A value that can be part of a key.
///
/// Implemented for
///
/// - integers and their `NonZero` forms, `bool`, `char`, `f32` and `f64`, strings, paths;
/// - `Option`, tuples of up to eight, slices, arrays, `Vec` and `VecDeque`, and maps and sets of
///   std, whose elements are written in the order of their texts;
/// - references, `Box`, `Rc`, `Arc` and `Cow`;
/// - `Duration`, `SystemTime`, and addresses of `std::net`;
/// - with the feature of that name, `Uuid`, `Bytes`, `Decimal`, and the dates and times of
///   `chrono`.
///
/// Derive `CacheKey` for your own structs and enums. An argument of an attribute whose type has
/// only [`Display`](fmt::Display) is written by its `Display`. In the containers above, elements of
/// such a type are written by their `Display`. Both rules also hold for the fields of a type that
/// derives `CacheKey`.
///
/// # Contract
///
/// Different values of the type must be written differently. Equal values should be written as
/// equal texts. If two equal values are written differently, each of them has an entry of its own:
/// the function is computed once for each value, and an invalidation with one of the values leaves
/// the entry of the other.
///
/// # Examples
///
/// ```
/// use cachekit::{CacheKey, cached};
///
/// #[derive(CacheKey)]
/// enum Sort {
///     Newest,
///     Price { ascending: bool },
/// }
///
/// #[derive(CacheKey)]
/// struct Search {
///     words: String,
///     sort: Sort,
/// }
///
/// #[cached(key = "search:{search}")]
/// async fn count(search: Search) -> u64 {
///     search.words.len() as u64
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    label = "`{Self}` does not implement `CacheKey`",
    note = "a type of your own: derive `cachekit::CacheKey` for it",
    note = "`Uuid`, `Bytes`, `Decimal` and the types of chrono have it with cachekit's features `uuid`, \
            `bytes`, `rust_decimal` and `chrono`"
)]
pub trait CacheKey {
    /// Writes this value to `out`, as an argument of a key or tag, or as an element of such an
    /// argument. In a key, `out` escapes the text.
    fn write_key(&self, out: &mut KeyWriter<'_>);
}

/// A writer of one argument of a call, or of one element of an argument, to a key or a tag. In a
/// key, the writer escapes the text.
pub struct KeyWriter<'a> {
    out: &'a mut KeyBuf,
    stop: u8,
    /// Length of the buffer at which the last element of the current tuple, sequence or struct
    /// begins. `None` before the first element, and outside of a tuple, sequence or struct.
    element: Option<usize>,
}

/// Table with `true` for each byte that an argument in a key may contain unescaped: the bytes of
/// [`BARE`], and all bytes beyond ASCII.
const SAFE: [bool; 256] = {
    let mut safe = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        safe[byte] = byte >= 0x80;
        byte += 1;
    }
    let mut listed = 0;
    while listed < BARE.len() {
        safe[BARE[listed] as usize] = true;
        listed += 1;
    }
    safe
};

/// ASCII bytes that an argument in a key contains without an escape.
const BARE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+=~!/";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Returns `true` if an argument in a key contains `byte` without an escape. `stop` is the first
/// byte of the literal that follows the argument in the template, and is always escaped. If `stop`
/// is beyond ASCII, all bytes beyond ASCII are escaped, so that a character is escaped as a whole
/// or not at all.
pub(crate) fn is_bare(byte: u8, stop: u8) -> bool {
    SAFE[usize::from(byte)] && byte != stop && (byte < 0x80 || stop < 0x80)
}

impl<'a> KeyWriter<'a> {
    #[inline(always)]
    pub(crate) fn new(out: &'a mut KeyBuf, stop: u8) -> Self {
        Self {
            out,
            stop,
            element: None,
        }
    }

    /// Appends `text` to the current argument. In a key, `text` is escaped.
    #[inline(always)]
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    #[inline(always)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        match self.out.form() {
            Form::Key => self.escaped(bytes),
            Form::Tag => self.out.push(bytes),
            Form::ArgWords => self.out.out_arg_words().text(bytes),
        }
    }

    #[inline(never)]
    fn escaped(&mut self, mut rest: &[u8]) {
        let stop = self.stop;
        let bare = |byte: u8| is_bare(byte, stop);
        loop {
            let clean = rest
                .iter()
                .position(|byte| !bare(*byte))
                .unwrap_or(rest.len());
            self.out.push(&rest[..clean]);
            let Some(byte) = rest.get(clean) else { return };
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            self.out.push(&[b'%', HEX[high], HEX[low]]);
            rest = &rest[clean + 1..];
        }
    }

    /// Appends the `Display` of `value` to the current argument. In a key, the text is escaped.
    pub fn display(&mut self, value: &(impl fmt::Display + ?Sized)) {
        struct Escape<'w, 'a>(&'w mut KeyWriter<'a>);
        impl fmt::Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.text(text);
                Ok(())
            }
        }
        // Writing to the buffer never fails. If the `Display` itself fails, the text that the
        // `Display` has written until then stays.
        let _ = write!(Escape(self), "{value}");
    }

    /// Appends `name`, the name of an enum's variant, to the current argument. In a key, `name` is
    /// escaped.
    pub fn name(&mut self, name: &str) {
        self.text(name);
    }

    #[inline(always)]
    pub(crate) fn unsigned(&mut self, number: u64) {
        match self.out.form() {
            Form::ArgWords => self.out.out_arg_words().unsigned(number),
            Form::Key | Form::Tag => self.digits(itoa::Buffer::new().format(number)),
        }
    }

    #[inline(always)]
    pub(crate) fn signed(&mut self, number: i64) {
        match self.out.form() {
            Form::ArgWords => self.out.out_arg_words().signed(number),
            Form::Key | Form::Tag => self.digits(itoa::Buffer::new().format(number)),
        }
    }

    #[cold]
    fn digits(&mut self, digits: &str) {
        self.text(digits);
    }

    /// Writes the `(` at the beginning of a composite: a tuple, a sequence, a struct, or the fields
    /// of a variant.
    pub fn open(&mut self) {
        self.mark(arg_words::OPEN, b"(");
        self.element = None;
    }

    /// Writes the `,` between two elements of a composite (tuple, sequence or struct).
    pub fn next(&mut self) {
        self.mark(arg_words::NEXT, b",");
    }

    #[inline(always)]
    fn mark(&mut self, token: u64, text: &[u8]) {
        match self.out.form() {
            Form::ArgWords => self.out.out_arg_words().push_word(token),
            Form::Key | Form::Tag => self.out.push(text),
        }
    }

    /// Writes the `)` at the end of a composite (tuple, sequence or struct). If the text of the
    /// last element is empty, a `,` comes before the `)`, so that `[""]` and `[]` differ.
    pub fn close(&mut self) {
        if self.element == Some(self.out.len()) && self.out.form() != Form::ArgWords {
            self.out.push(b",");
        }
        self.mark(arg_words::CLOSE, b")");
        self.element = None;
    }

    /// Writes `value` as an element of a tuple, sequence or struct, by the `CacheKey` of `value`.
    pub fn field<T: CacheKey + ?Sized>(&mut self, value: &T) {
        self.inner(|inner| value.write_key(inner));
    }

    /// Writes `value` as an element of a tuple, sequence or struct, by the `Display` of `value`.
    pub fn field_display<T: fmt::Display + ?Sized>(&mut self, value: &T) {
        self.inner(|inner| inner.display(value));
    }

    /// Writes an element of a tuple, sequence or struct by calling `write` with a writer for the
    /// element.
    pub(crate) fn inner(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        self.element = Some(self.out.len());
        self.enclosed(arg_words::ELEMENT, write);
    }

    /// Writes a `None` to the current argument, as `%-`.
    pub(crate) fn absent(&mut self) {
        self.mark(arg_words::NONE, b"%-");
    }

    /// Writes a `Some` to the current argument. `write` writes the content of the `Some`. If the
    /// text of the content begins with `%-` or `%+`, a `%+` is inserted before the text, so that
    /// `None` and `Some(None)` differ.
    pub(crate) fn present(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        let start = self.out.len();
        self.enclosed(arg_words::SOME, write);
        if self.out.form() != Form::ArgWords
            && matches!(self.out.as_bytes()[start..], [b'%', b'-' | b'+', ..])
        {
            self.out.insert(start, b"%+");
        }
    }

    /// Writes an element, or the content of a `Some`, by calling `write`. In a buffer that has a
    /// call's arguments as 64-bit words and not as text, the word `token` is written before the
    /// element, and the last item of the element is marked as the last.
    #[inline(always)]
    fn enclosed(&mut self, token: u64, write: impl FnOnce(&mut KeyWriter<'_>)) {
        if self.out.form() == Form::ArgWords {
            self.out.out_arg_words().push_word(token);
        }
        let start = self.out.len();
        write(&mut KeyWriter::new(self.out, self.stop));
        self.out.end(start);
    }

    /// Writes an element of a tuple, sequence or struct by calling `write`. A `,` comes before
    /// every element but the first.
    pub(crate) fn element_by(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        if self.element.is_some() {
            self.next();
        }
        self.inner(write);
    }

    /// Writes `items` as a composite (`(`, elements, `)`), each item by a call of `write`.
    pub(crate) fn elements<I>(
        &mut self,
        items: impl IntoIterator<Item = I>,
        write: impl Fn(I, &mut KeyWriter<'_>),
    ) {
        self.open();
        for item in items {
            self.element_by(|inner| write(item, inner));
        }
        self.close();
    }
}

impl KeyBuf {
    /// Appends the argument `value` by its `CacheKey`. `stop` is the first byte of the literal that
    /// follows the argument in the template, or 0 if no literal follows. In a key, the text of the
    /// argument is escaped, and a byte equal to `stop` is escaped too.
    #[inline(always)]
    pub fn part<T: CacheKey + ?Sized>(&mut self, stop: u8, value: &T) {
        let start = self.len();
        value.write_key(&mut KeyWriter::new(self, stop));
        self.end(start);
    }

    /// Appends an argument by calling `write`. `stop` is the first byte of the literal that follows
    /// the argument in the template, or 0 if no literal follows. In a key, the text of the argument
    /// is escaped, and a byte equal to `stop` is escaped too.
    #[inline]
    pub(crate) fn part_by(&mut self, stop: u8, write: impl FnOnce(&mut KeyWriter<'_>)) {
        let start = self.len();
        write(&mut KeyWriter::new(self, stop));
        self.end(start);
    }

    /// Appends the argument `value` by its `Display`. `stop` is the first byte of the literal that
    /// follows the argument in the template, or 0 if no literal follows. In a key, the text of the
    /// argument is escaped, and a byte equal to `stop` is escaped too.
    pub fn display<T: fmt::Display + ?Sized>(&mut self, stop: u8, value: &T) {
        let start = self.len();
        KeyWriter::new(self, stop).display(value);
        self.end(start);
    }
}

impl fmt::Debug for KeyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyWriter").field(&self.out).finish()
    }
}
