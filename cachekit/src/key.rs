//! Keys of entries: their form, and the reason why two different calls never have equal keys.
//!
//! A key is readable text, such as `user:42`. A key contains the literals of its template
//! unchanged. Arguments are written by an escaper. The escaper leaves `A-Z a-z 0-9 - _ . @ + = ~ !
//! /` and every byte beyond ASCII unchanged, and writes any other byte as `%XX`, in upper-case
//! hexadecimal. In an argument, the escaper also escapes the first byte of the literal that follows
//! the argument. So each argument has a definite end for a reader from left to right, and two
//! different tuples of arguments never give equal keys.
//!
//! A composite argument contains bytes that the escaper never leaves unescaped: `(1,2)` is a tuple,
//! a slice or a struct, `Plan(3)` an enum variant, `%-` is `None`; see [`component`]. The elements
//! of a composite are written by their `CacheKey` or by their `Display`; see [`nested`].

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

/// The text of a key, owned and cheap to clone.
///
/// The stored bytes begin with the prefix [`ENTRY`]. All stored bytes together are the name of the
/// key's entry in a store, so the name is made without a copy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(Arc<[u8]>);

/// The prefix of an entry's name in a store. The text of the key follows the prefix.
pub(crate) const ENTRY: &[u8] = b"k:";

/// Returns the name in a store that consists of the prefix `kind` and `text`. For a name of at most
/// 128 bytes, the function makes a single allocation.
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

    /// Returns the name of this key's entry in a store.
    pub(crate) fn entry(&self) -> &Arc<[u8]> {
        &self.0
    }
}

// The trait `Borrow` requires that the hash of a key is equal to the hash of its `[u8]`.
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
