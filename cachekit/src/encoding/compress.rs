//! Compression of payloads for Redis, and decompression of bytes that anybody may have written.
//!
//! A compressed payload consists of the length that the payload had before compression (4 bytes,
//! little-endian) and an LZ4 block.

#[cfg(feature = "lz4")]
pub(crate) mod lz4;
#[cfg(not(feature = "lz4"))]
#[path = "compress/off.rs"]
pub(crate) mod lz4;

use std::borrow::Cow;

/// The smallest length in bytes at which a payload is compressed, if its function has the option
/// `compress` and the cache sets no threshold.
pub(crate) const USUAL_THRESHOLD: usize = 1 << 10;

/// The number of bytes at the beginning of a compressed payload that contain the length of the
/// payload before compression.
const LENGTH: usize = 4;

/// The most bytes of decompressed content that one byte of an LZ4 block can stand for.
const MOST_TIMES: usize = 255;

/// Returns `true` if this build can compress payloads, because the feature `lz4` is on.
pub(crate) const fn is_available() -> bool {
    cfg!(feature = "lz4")
}

/// Compresses the bytes in `out` from the offset `start` on, in place. Returns the number of bytes
/// saved. Returns `None` and leaves `out` unchanged if there are fewer than `threshold` bytes, or
/// if compression would save less than an eighth of them, which is not worth the time of a reader.
pub(crate) fn pack(out: &mut Vec<u8>, start: usize, threshold: usize) -> Option<usize> {
    let plain = &out[start..];
    if plain.len() < threshold {
        return None;
    }
    let length = u32::try_from(plain.len()).ok()?;
    let block = lz4::compress(plain)?;
    let saved = plain.len().checked_sub(LENGTH + block.len())?;
    if saved == 0 || saved < plain.len().div_ceil(8) {
        return None;
    }
    out.truncate(start);
    out.extend(length.to_le_bytes());
    out.extend(block);
    Some(saved)
}

/// The payload of an entry: its encoded value, compressed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// The encoded value without compression.
    Plain(&'a [u8]),
    /// An encoded value that is compressed as an LZ4 block, and the length that the encoded value
    /// claims to have without compression.
    Packed { length: usize, block: &'a [u8] },
}

impl<'a> Payload<'a> {
    /// Returns the compressed payload in `bytes`, or `None` if `bytes` are too short for the field
    /// with the length.
    pub(crate) fn packed(bytes: &'a [u8]) -> Option<Self> {
        let (length, block) = bytes.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        Some(Self::Packed { length, block })
    }

    /// Returns `true` if this build can read the payload: the payload is not compressed, or the
    /// feature `lz4` is on.
    pub(crate) fn is_readable(&self) -> bool {
        matches!(self, Self::Plain(_)) || is_available()
    }

    /// Returns the length in bytes of the encoded value without compression. For a compressed
    /// payload, this is the length that the payload itself claims, which is wrong in a damaged or
    /// forged payload.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Packed { length, .. } => *length,
        }
    }

    /// Returns the encoded value, decompressed if necessary. Decompression allocates exactly the
    /// [`length`](Self::length) that the payload claims. Returns `None`, without an allocation, if
    /// a block of this size cannot contain so many bytes. Returns `None` also if the bytes are not
    /// an LZ4 block, or have a content of another length.
    pub(crate) fn open(&self) -> Option<Cow<'a, [u8]>> {
        match *self {
            Self::Plain(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Packed { length, block } => {
                if length > block.len().saturating_mul(MOST_TIMES) {
                    return None;
                }
                let mut plain = vec![0; length];
                let written = lz4::decompress(block, &mut plain)?;
                (written == length).then_some(Cow::Owned(plain))
            }
        }
    }
}

#[cfg(all(test, feature = "lz4"))]
mod tests;
