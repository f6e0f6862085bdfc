//! Encrypted bytes that stand for themselves: messages, queued writes, marks, lists and records.
//!
//! ```text
//!  0  "CKE"  format   (4)
//!  4  id of the key   (16)
//! 20  nonce           (24)
//! 44  encrypted bytes
//!     tag             (16)
//! ```
//!
//! A name that is a key in a queue begins with `CKN`, has no id, and is encrypted so that equal names
//! become equal bytes.

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{ID, NONCE, Place, Seal, TAG};

/// The first bytes of encrypted bytes: the letters `CKE`, and the number of the format's version.
const MAGIC: [u8; 4] = *b"CKE\x01";

/// The first bytes of an encrypted name: the letters `CKN`, and the number of the format's version.
const NAME_MAGIC: [u8; 4] = *b"CKN\x01";

/// Returns `true` if `bytes` begin as encrypted bytes do.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Returns `text` encrypted for `place`. Returns `None` if the system gives no random numbers.
pub(crate) fn seal(sealer: &Sealer, place: Place<'_>, text: &[u8]) -> Option<Vec<u8>> {
    let start = MAGIC.len() + ID + NONCE;
    let mut out = Vec::with_capacity(start + text.len() + TAG);
    out.extend(MAGIC);
    out.extend([0; ID + NONCE]);
    out.extend_from_slice(text);
    let seal = sealer.seal(place, &mut out[start..])?;
    out[MAGIC.len()..MAGIC.len() + ID].copy_from_slice(&seal.id);
    out[MAGIC.len() + ID..start].copy_from_slice(&seal.nonce);
    out.extend(seal.tag);
    Some(out)
}

/// Returns the text of the encrypted `bytes`. Returns `None` if they were encrypted for another
/// place or with a key that the ring lacks, if any bit differs, and for bytes of another form.
pub(crate) fn open(sealer: &Sealer, place: Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (id, rest) = rest.split_first_chunk::<ID>()?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
    let (text, tag) = rest.split_last_chunk::<TAG>()?;
    let seal = Seal {
        id: *id,
        nonce: *nonce,
        tag: *tag,
    };
    let mut text = text.to_vec();
    sealer.open(&seal, place, &mut text)?;
    Some(text)
}

/// Returns `true` if `bytes` begin as an encrypted name does.
pub(crate) fn is_sealed_name(bytes: &[u8]) -> bool {
    bytes.starts_with(&NAME_MAGIC)
}

/// Returns the bytes that take the place of bytes in clear where only encrypted bytes are accepted.
/// They begin as encrypted bytes do, and no key opens them.
pub(crate) fn in_clear() -> Vec<u8> {
    MAGIC.to_vec()
}

/// Returns `true` if `bytes` are those of [`in_clear`].
pub(crate) fn is_in_clear(bytes: &[u8]) -> bool {
    bytes == MAGIC
}

/// Returns the name `text` encrypted for `place`, equal names equally. Returns `None` if names are
/// not hashed.
pub(crate) fn seal_name(sealer: &Sealer, place: Place<'_>, text: &[u8]) -> Option<Vec<u8>> {
    let start = NAME_MAGIC.len() + NONCE;
    let mut out = Vec::with_capacity(start + text.len() + TAG);
    out.extend(NAME_MAGIC);
    out.extend([0; NONCE]);
    out.extend_from_slice(text);
    let seal = sealer.seal_name(place, &mut out[start..])?;
    out[NAME_MAGIC.len()..start].copy_from_slice(&seal.nonce);
    out.extend(seal.tag);
    Some(out)
}

/// Returns the name in the encrypted `bytes`. Returns `None` for bytes that do not open.
pub(crate) fn open_name(sealer: &Sealer, place: Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.strip_prefix(&NAME_MAGIC)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
    let (text, tag) = rest.split_last_chunk::<TAG>()?;
    let seal = Seal {
        id: [0; ID],
        nonce: *nonce,
        tag: *tag,
    };
    let mut text = text.to_vec();
    sealer.open_name(&seal, place, &mut text)?;
    Some(text)
}
