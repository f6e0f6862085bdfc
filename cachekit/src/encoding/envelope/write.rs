//! Writing an entry.

use std::time::Duration;

use crate::encoding::compress;
use crate::encoding::envelope::{
    ABSENT, CHECKSUM, CODEC, FILLED, MAGIC, ORDERED, PACKED, Token, VERSIONS, Version, checksum,
    millis,
};

/// An entry that is about to be written.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) codec: u8,
    /// The shape of the value's type.
    pub(crate) fingerprint: u64,
    /// The data set of the server that the entry belongs to.
    pub(crate) origin: [u8; 8],
    /// The token of the generation that the entry begins.
    pub(crate) fill: Token,
    /// The time for which the entry stays readable after its life.
    pub(crate) grace: Duration,
    /// The time for which the entry is fresh.
    pub(crate) life: Duration,
    /// The time that its computation took.
    pub(crate) delta: Duration,
    /// The versions of the namespace, the function, and each tag.
    pub(crate) versions: &'a [Version],
    /// The tags' names. Those whose versions are not known yet come last.
    pub(crate) tags: &'a [Box<[u8]>],
    pub(crate) function: &'a str,
    pub(crate) key: &'a [u8],
    /// The order of the write that stores it, if that has one.
    pub(crate) order: Option<u64>,
    /// The least bytes of a payload that is compressed, if that is worth it; `None`: none is.
    pub(crate) compress_above: Option<usize>,
}

/// An entry that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// The number of bytes that compression saved; `None` if it is not compressed.
    pub(crate) saved: Option<usize>,
}

impl Draft<'_> {
    /// Writes the entry, with the bytes that `payload` appends; `None` for a remembered absence.
    ///
    /// # Errors
    ///
    /// Those of `payload`.
    pub(crate) fn write<E>(
        &self,
        payload: Option<impl FnOnce(&mut Vec<u8>) -> Result<(), E>>,
    ) -> Result<Written, E> {
        let absent = if payload.is_some() { 0 } else { ABSENT };
        let ordered = if self.order.is_some() { ORDERED } else { 0 };
        let flags = FILLED | absent | ordered;
        let count = crate::encoding::envelope::IMPLICIT + self.tags.len();
        let mut out = Vec::with_capacity(VERSIONS + count * Version::LEN + 256);
        out.extend(MAGIC);
        out.extend([flags, self.codec, 0, 0, 0]);
        out.extend(self.fill.0);
        out.extend([0; 16 + 8]);
        out.extend(millis(self.grace).to_be_bytes());
        out.extend(self.fingerprint.to_le_bytes());
        out.extend(self.origin);
        let delta = u64::try_from(self.delta.as_micros()).unwrap_or(u64::MAX);
        out.extend(delta.to_le_bytes());
        out.extend(millis(self.life).to_le_bytes());
        out.extend([0; 8]);
        out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
        for version in self.versions {
            out.extend(version.0);
        }
        // The store itself fills in the versions of the other tags.
        let after_versions = VERSIONS + count * Version::LEN;
        out.resize(after_versions, 0);
        for tag in self.tags {
            text(&mut out, tag);
        }
        text(&mut out, self.function.as_bytes());
        text(&mut out, self.key);
        let length_at = out.len();
        out.extend([0; 4]);
        let mut saved = None;
        if let Some(payload) = payload {
            payload(&mut out)?;
            let start = length_at + 4;
            saved = self
                .compress_above
                .and_then(|threshold| compress::pack(&mut out, start, threshold));
        }
        if saved.is_some() {
            out[CODEC] |= PACKED;
        }
        let length = u32::try_from(out.len() - length_at - 4).unwrap_or(u32::MAX);
        out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        out.extend(self.order.iter().flat_map(|order| order.to_be_bytes()));
        let sum = checksum(&out, after_versions).to_le_bytes();
        out[CHECKSUM..CHECKSUM + 8].copy_from_slice(&sum);
        Ok(Written { bytes: out, saved })
    }
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(bytes);
}
