//! The encrypted form of an entry.
//!
//! ```text
//! head  0  as in an entry without encryption, with the flag for it (56)
//!      56  nonce                                                   (24)
//!      80  id of the key, padded with zeros                        (16)
//!      96  number of versions (2), versions (24 each)
//!          for each tag a name that scripts read, perhaps empty    (length, bytes)
//!          encrypted: fingerprint, origin, delta us, life ms       (8 each)
//!                     names of the tags, function, key, payload    (length, bytes)
//!          tag of the encryption                                   (16)
//!          order of the write, big-endian                          (8)   only with the flag for it
//! ```
//!
//! The associated data is the head up to the codec, the number of versions, the names for scripts,
//! the order, and the entry's own name in the store. The other bytes of the head and the versions are
//! not covered, because scripts change them. Without the right versions the entry is not valid, and
//! the head decides when the entry ends and who may replace it, but not what its value is.

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{ID, NONCE, Place, Seal, TAG};
use crate::encoding::envelope::read::{array, text};
use crate::encoding::envelope::{
    CHECKSUM, FILLED, FLAGS, HEAD, IMPLICIT, MAGIC, ORDER, ORDERED, SEALED, VERSIONS, Version,
    checksum, write,
};

/// The kind of the place that an entry is sealed for.
const KIND: &str = "entry";

/// The number of bytes at the beginning of an entry that scripts never change: up to the codec.
const FIXED: usize = 5;

/// The offset of the byte that says if a process waits for the lease.
const WAITERS: usize = 5;

/// The offset of the number of versions.
const COUNT: usize = VERSIONS - 2;

/// The number of bytes of the fields between the head and the checksum.
const FIELDS: usize = CHECKSUM - HEAD;

/// Returns `true` if `bytes` are an entry with a value that is encrypted.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    flags(bytes).is_some_and(|flags| flags & (FILLED | SEALED) == FILLED | SEALED)
}

/// Returns `true` if `bytes` are an entry with a value that is not encrypted.
pub(crate) fn is_clear(bytes: &[u8]) -> bool {
    flags(bytes).is_some_and(|flags| flags & (FILLED | SEALED) == FILLED)
}

/// Marks the entry in `bytes` as one that no key opens, so that readers reject it.
pub(crate) fn reject(bytes: &mut [u8]) {
    if let Some(flags) = bytes.get_mut(FLAGS) {
        *flags |= SEALED;
    }
}

/// Returns the id of the key of the encrypted entry in `bytes`, as text. Returns `None` if `bytes`
/// are no such entry.
pub(crate) fn key_id(bytes: &[u8]) -> Option<String> {
    let id: [u8; ID] = array(bytes, HEAD + NONCE)?;
    let end = id.iter().position(|byte| *byte == 0).unwrap_or(ID);
    let is_plain = |byte: &u8| byte.is_ascii_graphic();
    let id = id[..end].iter().all(is_plain).then_some(&id[..end])?;
    is_sealed(bytes).then(|| String::from_utf8_lossy(id).into_owned())
}

/// Returns the encrypted form of the entry `plain`, whose own name in the store is `name`. For each
/// name of a tag in the entry, `for_scripts` returns the name that scripts read, which is visible.
///
/// Returns `None` if the system gives no random numbers, or if `plain` is no entry with a value.
pub(crate) fn seal(
    sealer: &Sealer,
    plain: &[u8],
    name: &[u8],
    for_scripts: impl Fn(&[u8]) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let flags = flags(plain)?;
    let after_versions = after_versions(plain)?;
    let body = plain.get(after_versions..)?;
    let order = if flags & ORDERED == 0 { 0 } else { ORDER };
    let (body, order) = body.split_at_checked(body.len().checked_sub(order)?)?;

    let mut out = Vec::with_capacity(plain.len() + TAG + 64);
    out.extend_from_slice(plain.get(..HEAD)?);
    out[FLAGS] |= SEALED;
    out.extend([0; NONCE + ID]);
    out.extend_from_slice(plain.get(COUNT..after_versions)?);
    let mut rest = body;
    for _ in IMPLICIT..count(plain)? {
        write::text(&mut out, &for_scripts(text(&mut rest)?));
    }
    let start = out.len();
    out.extend_from_slice(plain.get(HEAD..CHECKSUM)?);
    out.extend_from_slice(body);
    let (before, secret) = out.split_at_mut(start);
    let names = &before[after_versions..];
    let id = sealer.id();
    let parts = [
        &before[..FIXED],
        &before[COUNT..VERSIONS],
        names,
        order,
        name,
    ];
    let seal = sealer.seal(place(&parts), secret)?;
    debug_assert_eq!(seal.id, id, "the first key of the ring seals");
    out[HEAD..HEAD + NONCE].copy_from_slice(&seal.nonce);
    out[HEAD + NONCE..COUNT].copy_from_slice(&seal.id);
    out.extend(seal.tag);
    out.extend_from_slice(order);
    Some(out)
}

/// Returns the entry without encryption whose encrypted form is `bytes`, if it was sealed for the
/// name `name` with a key of the ring, and no bit was changed but in the fields for scripts. Returns
/// `None` for any other bytes.
pub(crate) fn open(sealer: &Sealer, bytes: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let [waiters, unused @ ..]: [u8; 3] = array(bytes, WAITERS)?;
    if !is_sealed(bytes) || waiters > 1 || unused != [0; 2] {
        return None;
    }
    let after_versions = after_versions(bytes)?;
    let mut rest = bytes.get(after_versions..)?;
    let before_names = rest.len();
    for _ in IMPLICIT..count(bytes)? {
        text(&mut rest)?;
    }
    let names = bytes.get(after_versions..after_versions + before_names - rest.len())?;
    let order = if bytes[FLAGS] & ORDERED == 0 {
        0
    } else {
        ORDER
    };
    let (rest, order) = rest.split_at_checked(rest.len().checked_sub(order)?)?;
    let (secret, tag) = rest.split_last_chunk::<TAG>()?;
    let seal = Seal {
        id: array(bytes, HEAD + NONCE)?,
        nonce: array(bytes, HEAD)?,
        tag: *tag,
    };
    let mut secret = secret.to_vec();
    let parts = [&bytes[..FIXED], &bytes[COUNT..VERSIONS], names, order, name];
    sealer.open(&seal, place(&parts), &mut secret)?;
    let (fields, body) = secret.split_at_checked(FIELDS)?;

    let mut out = Vec::with_capacity(after_versions + body.len() + order.len());
    out.extend_from_slice(&bytes[..HEAD]);
    out[FLAGS] &= !SEALED;
    out.extend_from_slice(fields);
    out.extend([0; COUNT - CHECKSUM]);
    out.extend_from_slice(&bytes[COUNT..after_versions]);
    out.extend_from_slice(body);
    out.extend_from_slice(order);
    let sum = checksum(&out, after_versions).to_le_bytes();
    out[CHECKSUM..COUNT].copy_from_slice(&sum);
    Some(out)
}

fn place<'a>(parts: &'a [&'a [u8]]) -> Place<'a> {
    Place { kind: KIND, parts }
}

/// Returns the flags of the entry in `bytes`. Returns `None` if `bytes` do not begin as an entry.
fn flags(bytes: &[u8]) -> Option<u8> {
    bytes
        .starts_with(&MAGIC)
        .then(|| bytes.get(FLAGS).copied())?
}

fn count(bytes: &[u8]) -> Option<usize> {
    array(bytes, COUNT).map(|count| usize::from(u16::from_le_bytes(count)))
}

/// Returns the offset of the first byte after the versions, if `bytes` are long enough for it.
fn after_versions(bytes: &[u8]) -> Option<usize> {
    let end = VERSIONS + count(bytes)? * Version::LEN;
    (end <= bytes.len()).then_some(end)
}

#[cfg(all(test, feature = "encryption"))]
pub(crate) mod tests;
