//! A buffer for the text of a key or tag, or for the arguments of a call. A short key is on the
//! stack.
//!
//! A buffer has one of three forms: the text of a key, the text of a tag, or [argument
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

/// The separator in a key between the arguments of a call and the type arguments of the `impl` or
/// trait around the function.
pub(crate) const SELF_TYPE: &str = ";";

/// A buffer for the text of one key or one tag.
///
/// Keys of up to 128 bytes are built without an allocation.
///
/// In a key, arguments are escaped, because two different calls must never have equal keys. In a
/// tag, arguments are verbatim, because an invalidation names the text of the tag, such as
/// `name:ann lee`. If two tags are equal by accident, an invalidation removes more entries than
/// necessary, but no call gets a stale value.
pub struct KeyBuf {
    form: Form,
    /// The text of the key or tag. In a buffer for argument words (a call's arguments as words of
    /// 64 bits), this field stays uninitialized, which costs no time.
    text: SmallVec<[u8; 128]>,
    arg_words: ArgWords,
}

/// The content of a `KeyBuf`: the text of a key, the text of a tag, or argument words (a call's
/// arguments as words of 64 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text of a key, in which arguments are escaped.
    Key,
    /// The text of a tag, in which arguments are verbatim.
    Tag,
    ArgWords,
}

/// The text of one argument of a call, made before the function's body takes the argument. A
/// `Rendered` has the escaped text, for keys, and the verbatim text, for tags.
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

    /// Creates an empty buffer for the arguments of a call as 64-bit words, from which
    /// [`render`](crate::key::render::render) can make the text of the key.
    #[inline(always)]
    pub(crate) fn arg_words() -> Self {
        Self::of(Form::ArgWords)
    }

    /// Creates a buffer for argument words (words of 64 bits) that contains `key`, the text of a
    /// whole key, as its only argument.
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

    /// Appends `text`, a literal of the key's template, without escapes. A buffer for argument
    /// words (a call's arguments as 64-bit words) ignores literals.
    #[inline(always)]
    pub fn literal(&mut self, text: &str) {
        if self.form != Form::ArgWords {
            self.push(text.as_bytes());
        }
    }

    /// Appends the name of `T`, the type of a method's `self`, if `T` is generic. The type
    /// arguments of `T` may change the result of the method, and an attribute on a method cannot
    /// see them.
    pub fn self_type<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        if name.contains('<') {
            self.outer_types(name);
        }
    }

    /// Appends the type arguments of the `impl` or trait around the function `path` (see
    /// [`FunctionPath::outer_types`]). Returns `true` if that `impl` or trait has type arguments.
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

    /// Appends an argument whose text was made before: to a key the escaped text, to a tag the
    /// verbatim text.
    pub fn text(&mut self, rendered: &Rendered) {
        match self.form {
            Form::Key => self.push(&rendered.escaped),
            Form::Tag => self.push(&rendered.verbatim),
            // A call writes its argument words before the body takes an argument. So no `Rendered`
            // occurs in argument words.
            Form::ArgWords => {
                let start = self.arg_words.len();
                self.arg_words.text(&rendered.verbatim);
                self.arg_words.end(start);
            }
        }
    }

    /// Marks the end of an argument, or of an element of an argument, in a buffer for argument
    /// words (a call's arguments as 64-bit words). `start` is the length of the buffer at which the
    /// argument or element began. Does nothing in a buffer for text.
    #[inline(always)]
    pub(crate) fn end(&mut self, start: usize) {
        if self.form == Form::ArgWords {
            self.arg_words.end(start);
        }
    }

    /// Returns the text of the key or tag. In a buffer for a call's arguments as words of 64 bits,
    /// the text is empty.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the arguments of the call as words of 64 bits. A buffer for the text of a key or tag
    /// has no words.
    #[inline(always)]
    pub(crate) fn words(&self) -> &[u64] {
        self.arg_words.words()
    }

    /// Returns the length of the content: in bytes for the text of a key or tag, and in words for a
    /// call's arguments as words of 64 bits.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        match self.form {
            Form::ArgWords => self.arg_words.len(),
            Form::Key | Form::Tag => self.text.len(),
        }
    }

    /// Returns the text of the key or tag that was written so far. The conversion to UTF-8 loses
    /// nothing, because only whole strings are appended, and an escape `%XX` is ASCII.
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

    /// Inserts `bytes` into the text of the key or tag at the offset `at`. The text from `at` on
    /// follows `bytes`.
    pub(crate) fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.text.insert_from_slice(at, bytes);
    }
}

impl Rendered {
    /// Calls `write` twice, for the escaped and for the verbatim text of an argument, and returns
    /// both texts.
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
