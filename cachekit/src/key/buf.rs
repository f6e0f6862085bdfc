//! A buffer for one key: on the stack while it is short.
//!
//! What is written into it comes out in one of three forms: a key, the text of a tag, or
//! [tokens](crate::key::arg_words).

#![expect(
    clippy::inline_always,
    reason = "inlined, the tokens of a hit stay in registers: a seventh of its instructions"
)]

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

use crate::key::arg_words::ArgWords;
use crate::key::function_path::FunctionPath;

/// Stands before the types that a function has from where it stands.
pub(crate) const SELF_TYPE: &str = ";";

/// Writes one key, or the text of one tag.
///
/// Keys of up to 128 bytes are built without an allocation.
///
/// Arguments are escaped in a key, because two keys must never be the same. In a tag they
/// stand as they are: whoever invalidates `name:ann lee` writes just that, and two tags that
/// are the same by accident cost a computation, never a stale value.
pub struct KeyBuf {
    form: Form,
    /// None of it is written where it is not needed, so it costs nothing.
    text: SmallVec<[u8; 128]>,
    arg_words: ArgWords,
}

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A key: arguments are escaped.
    Key,
    /// A tag: they stand as they are.
    Tag,
    ArgWords,
}

/// An argument that was rendered before the function took it away: for keys, and for tags.
#[derive(Debug, Clone)]
pub struct Rendered {
    escaped: Box<[u8]>,
    verbatim: Box<[u8]>,
}

impl KeyBuf {
    /// A buffer for a key.
    pub(crate) fn new() -> Self {
        Self::of(Form::Key)
    }

    /// A buffer for the text of a tag.
    pub(crate) fn verbatim() -> Self {
        Self::of(Form::Tag)
    }

    /// A buffer for a key's arguments, from which [`render`](crate::key::render::render) makes the key.
    #[inline(always)]
    pub(crate) fn arg_words() -> Self {
        Self::of(Form::ArgWords)
    }

    /// A key that was written by hand, as tokens.
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

    /// A literal of the template, verbatim.
    #[inline(always)]
    pub fn literal(&mut self, text: &str) {
        if self.form != Form::ArgWords {
            self.push(text.as_bytes());
        }
    }

    /// The type of a method's `self`, where it is generic: its type parameters may change
    /// the result, and an attribute on a method cannot see them.
    pub fn self_type<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        if name.contains('<') {
            self.outer_types(name);
        }
    }

    /// The types that stand around a function, where they differ from call to call. Returns
    /// `true` if there are any.
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

    /// An argument that was rendered before.
    pub fn text(&mut self, rendered: &Rendered) {
        match self.form {
            Form::Key => self.push(&rendered.escaped),
            Form::Tag => self.push(&rendered.verbatim),
            // A key has nothing rendered: it is written before the body takes anything.
            Form::ArgWords => {
                let start = self.arg_words.len();
                self.arg_words.text(&rendered.verbatim);
                self.arg_words.end(start);
            }
        }
    }

    /// Ends the argument, or what is inside it, that began at a length of `start`.
    #[inline(always)]
    pub(crate) fn end(&mut self, start: usize) {
        if self.form == Form::ArgWords {
            self.arg_words.end(start);
        }
    }

    /// The text; nothing in a buffer for tokens.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The tokens; none in a buffer for text.
    #[inline(always)]
    pub(crate) fn words(&self) -> &[u64] {
        self.arg_words.words()
    }

    /// Bytes of text, or tokens' words.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        match self.form {
            Form::ArgWords => self.arg_words.len(),
            Form::Key | Form::Tag => self.text.len(),
        }
    }

    /// The text written so far. Only whole strings are ever pushed, and `%XX` is ASCII, so
    /// nothing is lost.
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

    /// Puts `bytes` in front of what was written since `at`.
    pub(crate) fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.text.insert_from_slice(at, bytes);
    }
}

impl Rendered {
    /// What `write` writes.
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
