//! A buffer for one key, on the stack while the key is short.
//!
//! The buffer takes one of three forms: a key, the text of a tag, or
//! [argument words](crate::key::arg_words).

#![expect(
    clippy::inline_always,
    reason = "inlined, the argument words of a hit stay in registers: a seventh of its instructions"
)]

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

use crate::key::arg_words::ArgWords;
use crate::key::function_path::FunctionPath;

/// The separator before the outer types of a function.
pub(crate) const SELF_TYPE: &str = ";";

/// A buffer for one key, or for the text of one tag.
///
/// Keys of up to 128 bytes are built without an allocation.
///
/// Arguments are escaped in a key, because two keys must never be equal by accident. In a tag they
/// are verbatim: an invalidation of `name:ann lee` writes exactly that, and two tags that are
/// equal by accident cost a computation, never a stale value.
pub struct KeyBuf {
    form: Form,
    /// Costs nothing in a buffer for argument words, which leaves it unwritten.
    text: SmallVec<[u8; 128]>,
    arg_words: ArgWords,
}

/// The content of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A key, with escaped arguments.
    Key,
    /// A tag, with verbatim arguments.
    Tag,
    ArgWords,
}

/// An argument that was rendered before the function took it, both for keys and for tags.
#[derive(Debug, Clone)]
pub struct Rendered {
    escaped: Box<[u8]>,
    verbatim: Box<[u8]>,
}

impl KeyBuf {
    /// Creates a buffer for a key.
    pub(crate) fn new() -> Self {
        Self::of(Form::Key)
    }

    /// Creates a buffer for the text of a tag.
    pub(crate) fn verbatim() -> Self {
        Self::of(Form::Tag)
    }

    /// Creates a buffer for argument words, from which [`render`](crate::key::render::render) makes the key.
    #[inline(always)]
    pub(crate) fn arg_words() -> Self {
        Self::of(Form::ArgWords)
    }

    /// Creates the argument words of a key that is already text.
    pub(crate) fn arg_words_of(key: &[u8]) -> Self {
        let mut buf = Self::arg_words();
        buf.arg_words.text(key);
        buf
    }

    #[inline(always)]
    fn of(form: Form) -> Self {
        Self {
            form,
            text: SmallVec::new(),
            arg_words: ArgWords::default(),
        }
    }

    /// Writes a literal of the template, verbatim.
    #[inline(always)]
    pub fn literal(&mut self, text: &str) {
        if self.form != Form::ArgWords {
            self.push(text.as_bytes());
        }
    }

    /// Writes the type of a method's `self` if it is generic: its type parameters may change
    /// the result, and an attribute on a method cannot see them.
    pub fn self_type<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        if name.contains('<') {
            self.outer_types(name);
        }
    }

    /// Writes the outer types of a function (see [`FunctionPath::outer_types`]). Returns `true` if it
    /// has any.
    #[inline(always)]
    pub fn outer_types_of(&mut self, path: &FunctionPath) -> bool {
        if path.is_plain() {
            return false;
        }
        let types = path.outer_types();
        if let Some(types) = types {
            self.outer_types(types);
        }
        types.is_some()
    }

    fn outer_types(&mut self, name: &str) {
        self.literal(SELF_TYPE);
        self.part(0, name);
    }

    /// Writes an argument that was rendered before.
    pub fn text(&mut self, rendered: &Rendered) {
        match self.form {
            Form::Key => self.push(&rendered.escaped),
            Form::Tag => self.push(&rendered.verbatim),
            // Not in keys, which are written before the body takes an argument.
            Form::ArgWords => {
                let start = self.arg_words.len();
                self.arg_words.text(&rendered.verbatim);
                self.arg_words.end(start);
            }
        }
    }

    /// Ends the argument, or the part of one, that began when the length was `start`.
    #[inline(always)]
    pub(crate) fn end(&mut self, start: usize) {
        if self.form == Form::ArgWords {
            self.arg_words.end(start);
        }
    }

    /// Returns the text; it is empty in a buffer for argument words.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the argument words; a buffer for text has none.
    #[inline(always)]
    pub(crate) fn words(&self) -> &[u64] {
        self.arg_words.words()
    }

    /// Returns the number of bytes, or of argument words.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        match self.form {
            Form::ArgWords => self.arg_words.len(),
            Form::Key | Form::Tag => self.text.len(),
        }
    }

    /// Returns the text written so far. Nothing is lost: only whole strings are pushed, and `%XX` is
    /// ASCII.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    #[inline(always)]
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    #[inline(always)]
    pub(crate) fn out_arg_words(&mut self) -> &mut ArgWords {
        &mut self.arg_words
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    /// Inserts `bytes` before everything that was written since the length was `at`.
    pub(crate) fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.text.insert_from_slice(at, bytes);
    }
}

impl Rendered {
    /// Renders the output of `write`.
    pub fn new(write: impl Fn(&mut KeyBuf)) -> Self {
        let into = |mut buf: KeyBuf| -> Box<[u8]> {
            write(&mut buf);
            buf.as_bytes().into()
        };
        Self {
            escaped: into(KeyBuf::new()),
            verbatim: into(KeyBuf::verbatim()),
        }
    }
}

impl AsRef<[u8]> for KeyBuf {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyBuf").field(&self.to_text()).finish()
    }
}
