//! Encryption of the bytes that leave the process: entries, messages, queued writes, marks and files.
//!
//! A [`Sealer`](sealer::Sealer) encrypts with XChaCha20-Poly1305 under the current key of a ring, and
//! opens with every key of the ring. What is sealed names its key by the key's id, and contains the
//! nonce, which is random. The associated data says where the bytes belong, so bytes that somebody
//! moved to another place do not open there.

pub(crate) mod blob;
#[cfg(feature = "encryption")]
pub(crate) mod key_text;
#[cfg(feature = "encryption")]
pub(crate) mod keys;
#[cfg(not(feature = "encryption"))]
#[path = "encryption/keys_off.rs"]
pub(crate) mod keys;
#[cfg(feature = "encryption")]
pub(crate) mod sealer;
#[cfg(not(feature = "encryption"))]
#[path = "encryption/sealer_off.rs"]
pub(crate) mod sealer;
#[cfg(all(test, feature = "encryption"))]
pub(crate) mod tests;

/// The number of bytes of the id of a key, padded with zeros.
pub(crate) const ID: usize = 16;

/// The number of bytes of a nonce.
pub(crate) const NONCE: usize = 24;

/// The number of bytes of the tag that authenticates encrypted bytes.
pub(crate) const TAG: usize = 16;

/// Returns `true` if this build can encrypt, because the feature `encryption` is on.
pub(crate) const fn is_available() -> bool {
    cfg!(feature = "encryption")
}

/// The parts of encrypted bytes that are not the text: what a reader needs to open them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) id: [u8; ID],
    pub(crate) nonce: [u8; NONCE],
    pub(crate) tag: [u8; TAG],
}

/// The place that encrypted bytes belong to: the kind of the bytes, and what identifies the place.
/// Bytes that were sealed for one place do not open at another.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "encryption"),
    expect(dead_code, reason = "only a sealer reads them")
)]
pub(crate) struct Place<'a> {
    pub(crate) kind: &'a str,
    pub(crate) parts: &'a [&'a [u8]],
}
