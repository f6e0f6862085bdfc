//! A buffer for one key. A short key is on the stack.
//!
//! A buffer has one of three forms: a key, the text of a tag, or [argument
//! words](crate::key::arg_words).

#![expect(
    clippy::inline_always,
    reason = "inlined, the argument words of a hit stay in registers: a seventh of its instructions"
)]

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

use crate::key::arg_words::ArgWords;
use crate::key::function_path::FunctionPath;

/// The separator in a key between the arguments of a call and the outer types of its function,
/// which are those of the `impl` or trait around the function.
pub(crate) const SELF_TYPE: &str = ";";

/// A buffer for one key, or for the text of one tag.
///
/// Keys of up to 128 bytes are built without an allocation.
///
/// In a key, arguments are escaped, because two different calls must never have equal keys. In a
/// tag, arguments are verbatim, because an invalidation writes the text of the tag, such as
/// `name:ann lee`. Two tags that are equal by accident cost a computation, but never cause a stale
/// value.
pub struct KeyBuf {
    form: Form,
    /// The text of the key or tag. A buffer for argument words leaves this field unwritten, which
    /// costs no time.
    text: SmallVec<[u8; 128]>,
    arg_words: ArgWords,
}

/// The kind of content that a buffer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text of a key, in which arguments are escaped.
    Key,
    /// The text of a tag, in which arguments are verbatim.
    Tag,
    ArgWords,
}

/// The text of an argument, made before the function's body takes the argument. A `Rendered` has
/// the escaped text, for keys, and the verbatim text, for tags.
#[derive(Debug, Clone)]
pub struct Rendered {
    escaped: Box<[u8]>,
    verbatim: Box<[u8]>,
}

impl KeyBuf {
    /// Creates an empty buffer for the text of a key, in which arguments are escaped.
    pub(crate) fn new() -> Self {
        Self::of(Form::Key)
    }

    /// Creates an empty buffer for the text of a tag, in which arguments are verbatim.
    pub(crate) fn verbatim() -> Self {
        Self::of(Form::Tag)
    }

    /// Creates an empty buffer for argument words, from which
    /// [`render`](crate::key::render::render) makes the key.
    #[inline(always)]
    pub(crate) fn arg_words() -> Self {
        Self::of(Form::ArgWords)
    }

    /// Creates a buffer with the argument words of `key`, a key that is already text. The text
    /// counts as the only argument.
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

    /// Appends a literal of the template, unchanged. A buffer for argument words ignores literals.
    #[inline(always)]
    pub fn literal(&mut self, text: &str) {
        if self.form != Form::ArgWords {
            self.push(text.as_bytes());
        }
    }

    /// Appends the name of `T`, the type of a method's `self`, if `T` is generic. The type
    /// parameters of `T` may change the result of the method, and an attribute on a method cannot
    /// see them.
    pub fn self_type<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        if name.contains('<') {
            self.outer_types(name);
        }
    }

    /// Appends the outer types of the function with this path (see [`FunctionPath::outer_types`]).
    /// Returns `true` if the function has outer types.
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

    /// Appends an argument whose text was made before: the escaped text to a key, and the verbatim
    /// text to a tag.
    pub fn text(&mut self, rendered: &Rendered) {
        match self.form {
            Form::Key => self.push(&rendered.escaped),
            Form::Tag => self.push(&rendered.verbatim),
            // The argument words of a call contain no `Rendered`, because they are written before
            // the body takes an argument.
            Form::ArgWords => {
                let start = self.arg_words.len();
                self.arg_words.text(&rendered.verbatim);
                self.arg_words.end(start);
            }
        }
    }

    /// Marks the end of an argument, or of a part of an argument, in a buffer for argument words.
    /// `start` is the length of the buffer at which the argument or the part began. A buffer for
    /// text needs no mark.
    #[inline(always)]
    pub(crate) fn end(&mut self, start: usize) {
        if self.form == Form::ArgWords {
            self.arg_words.end(start);
        }
    }

    /// Returns the text of the key or tag. The text is empty in a buffer for argument words.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the argument words. A buffer for text has no argument words.
    #[inline(always)]
    pub(crate) fn words(&self) -> &[u64] {
        self.arg_words.words()
    }

    /// Returns the number of bytes in a buffer for text, or the number of words in a buffer for
    /// argument words.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        match self.form {
            Form::ArgWords => self.arg_words.len(),
            Form::Key | Form::Tag => self.text.len(),
        }
    }

    /// Returns the text that was written so far. The conversion to UTF-8 loses nothing, because
    /// only whole strings are appended, and an escape `%XX` is ASCII.
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

    /// Inserts `bytes` into the text at the offset `at`, before everything that was written after
    /// the text had the length `at`.
    pub(crate) fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.text.insert_from_slice(at, bytes);
    }
}

impl Rendered {
    /// Calls `write` for the escaped text of an argument, and again for its verbatim text, and
    /// returns both texts.
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
