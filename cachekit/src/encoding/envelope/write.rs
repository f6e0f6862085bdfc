//! Writing an entry as the bytes that Redis stores.

use std::time::Duration;

use crate::encoding::compress;
use crate::encoding::envelope::{
    ABSENT, CHECKSUM, CODEC, FILLED, MAGIC, ORDERED, PACKED, Token, VERSIONS, Version, checksum,
    millis,
};

/// The fields of an entry from which the bytes for Redis are written.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) codec: u8,
    /// The fingerprint of the value's type: a hash of the fields, variants and kinds of numbers in
    /// the type. 0 for codecs that write the names of fields.
    pub(crate) fingerprint: u64,
    /// The origin of the entry: 8 bytes that identify the data set of the Redis server.
    pub(crate) origin: [u8; 8],
    /// The fencing token that the key gets when Redis stores this entry.
    pub(crate) fill: Token,
    /// The time for which Redis keeps the entry as a stale value, after the time for which it is
    /// fresh.
    pub(crate) grace: Duration,
    /// The time for which the entry is fresh after Redis stored it.
    pub(crate) life: Duration,
    /// The time that the computation of the entry's value took.
    pub(crate) delta: Duration,
    /// The versions on which the entry depends: the version of everything, of the function, and of
    /// each name in `tags`, in this sequence. Versions that are not known yet are left out.
    pub(crate) versions: &'a [Version],
    /// The versions of the last names in `tags`, which the entry took over from the entries that it
    /// was computed from.
    pub(crate) foreign_versions: &'a [Version],
    /// The names of the entry's tags and events, and of the version of its replicas. After them come
    /// the names whose versions are not known yet, and then those of `foreign_versions`.
    pub(crate) tags: &'a [Box<[u8]>],
    pub(crate) function: &'a str,
    pub(crate) key: &'a [u8],
    /// The order (`order_by`) of the write that stores the entry. `None` if a computation or a
    /// write without an order stores the entry.
    pub(crate) order: Option<u64>,
    /// The smallest length in bytes at which the payload is compressed, if compression saves
    /// enough. `None` if the payload is not to be compressed.
    pub(crate) compress_above: Option<usize>,
}

/// The bytes of an entry for Redis, and the number of bytes that compression saved.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// The number of bytes that compression saved; `None` if the payload is not compressed.
    pub(crate) saved: Option<usize>,
}

impl Draft<'_> {
    /// Writes the entry as bytes and returns them. The function `payload` appends the encoded
    /// value; `payload` is `None` for an entry that remembers an absence.
    ///
    /// # Errors
    ///
    /// The error of the function `payload`.
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
        // For the names without a known version, Redis fills in the versions when it stores the
        // entry.
        let after_versions = VERSIONS + count * Version::LEN;
        let foreign = self.foreign_versions.len() * Version::LEN;
        out.resize(after_versions.saturating_sub(foreign), 0);
        for version in self.foreign_versions {
            out.extend(version.0);
        }
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

pub(crate) fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(bytes);
}
