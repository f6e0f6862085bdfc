//! The writer of one argument into a key, and the trait of values that can be arguments.

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
/// - `Option`, tuples of up to eight, slices, arrays, `Vec` and `VecDeque`, and maps and sets of std,
///   whose elements are written in the order of their texts;
/// - references, `Box`, `Rc`, `Arc` and `Cow`;
/// - `Duration`, `SystemTime`, and addresses of `std::net`;
/// - with the feature of that name, `Uuid`, `Bytes`, `Decimal`, and the dates and times of `chrono`.
///
/// Derive it for your own structs and enums. If an argument that an attribute names has only
/// [`Display`](fmt::Display), or holds values of such a type in any of these containers, its
/// `Display` is used. The same holds for fields.
///
/// # Contract
///
/// Different values of the type must be written differently. Equal values should be written
/// equally. Otherwise a call computes once more, and an invalidation with one of them leaves the
/// entry of the other.
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
    /// Writes the value to `out`.
    fn write_key(&self, out: &mut KeyWriter<'_>);
}

/// A writer of one argument, which it escapes.
pub struct KeyWriter<'a> {
    out: &'a mut KeyBuf,
    stop: u8,
    /// Start of the element that is being written, in a composite that has any.
    element: Option<usize>,
}

/// Table of the bytes that are written as they are: one look-up for each byte.
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

/// Bytes of ASCII that need no escape.
const BARE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+=~!/";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Returns `true` if `byte` is written as it is in an argument that `stop` follows. If `stop` is
/// beyond ASCII, no byte beyond ASCII is: a character is escaped as a whole or not at all.
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

    /// Writes a string, escaped.
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

    /// Writes a value's `Display`, escaped.
    pub fn display(&mut self, value: &(impl fmt::Display + ?Sized)) {
        struct Escape<'w, 'a>(&'w mut KeyWriter<'a>);
        impl fmt::Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.text(text);
                Ok(())
            }
        }
        // The sink never fails. If a `Display` fails by itself, its text so far is written.
        let _ = write!(Escape(self), "{value}");
    }

    /// Writes the name of an enum's variant.
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

    /// Begins a composite: `(`.
    pub fn open(&mut self) {
        self.mark(arg_words::OPEN, b"(");
        self.element = None;
    }

    /// Separates two elements of a composite: `,`.
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

    /// Ends a composite: `)`. If nothing was written for the last element, it gets a `,` of its
    /// own, so that `[""]` and `[]` differ.
    pub fn close(&mut self) {
        if self.element == Some(self.out.len()) && self.out.form() != Form::ArgWords {
            self.out.push(b",");
        }
        self.mark(arg_words::CLOSE, b")");
        self.element = None;
    }

    /// Writes an element of a composite.
    pub fn field<T: CacheKey + ?Sized>(&mut self, value: &T) {
        self.inner(|inner| value.write_key(inner));
    }

    /// Writes an element of a composite by its `Display`.
    pub fn field_display<T: fmt::Display + ?Sized>(&mut self, value: &T) {
        self.inner(|inner| inner.display(value));
    }

    /// Writes an element of a composite by `write`.
    pub(crate) fn inner(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        self.element = Some(self.out.len());
        self.enclosed(arg_words::ELEMENT, write);
    }

    /// Writes a `None`.
    pub(crate) fn absent(&mut self) {
        self.mark(arg_words::NONE, b"%-");
    }

    /// Writes a `Some`, whose value `write` writes.
    pub(crate) fn present(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        let start = self.out.len();
        self.enclosed(arg_words::SOME, write);
        if self.out.form() != Form::ArgWords
            && matches!(self.out.as_bytes()[start..], [b'%', b'-' | b'+', ..])
        {
            self.out.insert(start, b"%+");
        }
    }

    /// Marks the output of `write` as the content of `token`, if the buffer is for argument words.
    #[inline(always)]
    fn enclosed(&mut self, token: u64, write: impl FnOnce(&mut KeyWriter<'_>)) {
        if self.out.form() == Form::ArgWords {
            self.out.out_arg_words().push_word(token);
        }
        let start = self.out.len();
        write(&mut KeyWriter::new(self.out, self.stop));
        self.out.end(start);
    }

    /// Writes an element by `write`, with a `,` before it unless it is the first.
    pub(crate) fn element_by(&mut self, write: impl FnOnce(&mut KeyWriter<'_>)) {
        if self.element.is_some() {
            self.next();
        }
        self.inner(write);
    }

    /// Writes the items as a composite, each by `write`.
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
    /// Writes an argument, escaped. `stop` is the first byte of the literal that follows it.
    #[inline(always)]
    pub fn part<T: CacheKey + ?Sized>(&mut self, stop: u8, value: &T) {
        let start = self.len();
        value.write_key(&mut KeyWriter::new(self, stop));
        self.end(start);
    }

    /// Writes an argument by `write`, escaped.
    #[inline]
    pub(crate) fn part_by(&mut self, stop: u8, write: impl FnOnce(&mut KeyWriter<'_>)) {
        let start = self.len();
        write(&mut KeyWriter::new(self, stop));
        self.end(start);
    }

    /// Writes an argument by its `Display`, escaped.
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
