//! Keys: their form, and why two different calls never get one key.
//!
//! A key is readable text, `user:42`. The literals of a template are verbatim. An
//! argument is written through an escaper that leaves `A-Z a-z 0-9 - _ . @ + = ~ ! /` and
//! everything beyond ASCII as it is and writes any other byte as `%XX`, upper-case
//! hexadecimal. The first byte of the literal that follows an argument is escaped in it
//! too. So, read from left to right, each argument has a definite end, and two different
//! tuples of arguments never give one key.
//!
//! Composite arguments use bytes that the escaper never leaves bare: `(1,2)` is a tuple, a
//! slice or a struct, `Plan(3)` an enum variant, `%-` is `None`; see [`component`]. Their elements
//! are written by `CacheKey` or by `Display`; see [`nested`].

pub(crate) mod arg_words;
pub(crate) mod buf;
pub(crate) mod component;
pub(crate) mod containers;
#[cfg(any(
    feature = "bytes",
    feature = "chrono",
    feature = "rust_decimal",
    feature = "uuid"
))]
pub(crate) mod crates;
pub(crate) mod function_path;
pub(crate) mod nested;
pub(crate) mod primitives;
pub(crate) mod render;
pub(crate) mod template;
pub(crate) mod values;

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;

/// An owned key.
///
/// It is kept with the prefix of its entry's name in a store, so that the name is another
/// reference to it, and no copy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(Arc<[u8]>);

/// The prefix of an entry's name.
pub(crate) const ENTRY: &[u8] = b"k:";

/// Concatenates `kind` and `text`. A short name costs one allocation.
pub(crate) fn joined(kind: &[u8], text: &[u8]) -> Arc<[u8]> {
    let mut name = SmallVec::<[u8; 128]>::from_slice(kind);
    name.extend_from_slice(text);
    name.as_slice().into()
}

impl Key {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(joined(ENTRY, bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0[ENTRY.len()..]
    }

    /// Returns the name that the key's entry has in a store.
    pub(crate) fn entry(&self) -> &Arc<[u8]> {
        &self.0
    }
}

// Equal to the hash of the `[u8]`, as `Borrow` requires.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.as_bytes()), f)
    }
}
