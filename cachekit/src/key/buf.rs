//! A buffer for one key: on the stack while it is short.

use std::borrow::Cow;
use std::fmt;

use super::part::{CachePart, PartWriter};

const INLINE: usize = 128;

/// Writes one key, or the text of one tag.
///
/// Keys of up to 128 bytes are built without an allocation.
///
/// Arguments are escaped in a key, because two keys must never be the same. In a tag they
/// stand as they are: whoever invalidates `name:ann lee` writes just that, and two tags that
/// are the same by accident cost a computation, never a stale value.
pub struct KeyBuf {
    inline: [u8; INLINE],
    len: usize,
    spill: Option<Vec<u8>>,
    verbatim: bool,
}

/// An argument that was rendered before the function took it away: for keys, and for tags.
#[derive(Debug, Clone)]
pub struct Rendered {
    escaped: Box<[u8]>,
    verbatim: Box<[u8]>,
}

impl KeyBuf {
    pub(crate) fn new() -> Self {
        Self {
            inline: [0; INLINE],
            len: 0,
            spill: None,
            verbatim: false,
        }
    }

    /// A buffer for the text of a tag.
    pub(crate) fn verbatim() -> Self {
        Self {
            verbatim: true,
            ..Self::new()
        }
    }

    /// A literal of the template, verbatim.
    pub fn literal(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    /// The type of a method's `self`, where it is generic: its type parameters may change
    /// the result, and an attribute on a method cannot see them.
    pub fn self_type<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        if name.contains('<') {
            self.literal(";");
            self.part(0, name);
        }
    }

    /// An argument that was rendered before.
    pub fn text(&mut self, rendered: &Rendered) {
        self.push(if self.verbatim {
            &rendered.verbatim
        } else {
            &rendered.escaped
        });
    }

    /// An argument, escaped. `stop` is the first byte of the literal that follows it.
    pub fn part<T: CachePart + ?Sized>(&mut self, stop: u8, value: &T) {
        value.write_part(&mut PartWriter::new(self, stop));
    }

    /// An argument written by its `Display`, escaped.
    pub fn display<T: fmt::Display + ?Sized>(&mut self, stop: u8, value: &T) {
        PartWriter::new(self, stop).display(value);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.spill {
            Some(spill) => spill,
            None => &self.inline[..self.len],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// The text written so far. Only whole strings are ever pushed, and `%XX` is ASCII, so
    /// nothing is lost.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    pub(super) fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if let Some(spill) = &mut self.spill {
            spill.extend_from_slice(bytes);
            return;
        }
        let end = self.len + bytes.len();
        if end <= INLINE {
            self.inline[self.len..end].copy_from_slice(bytes);
            self.len = end;
        } else {
            let mut spill = Vec::with_capacity(end * 2);
            spill.extend_from_slice(&self.inline[..self.len]);
            spill.extend_from_slice(bytes);
            self.spill = Some(spill);
        }
    }

    /// Puts `bytes` in front of what was written since `at`.
    pub(super) fn insert(&mut self, at: usize, bytes: &[u8]) {
        let tail = self.as_bytes()[at..].to_vec();
        match &mut self.spill {
            Some(spill) => spill.truncate(at),
            None => self.len = at,
        }
        self.push(bytes);
        self.push(&tail);
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

impl fmt::Debug for KeyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyBuf").field(&self.to_text()).finish()
    }
}
