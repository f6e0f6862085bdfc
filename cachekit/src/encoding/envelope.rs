//! The bytes of one entry in a store that processes share.
//!
//! `docs/format.md` shows every byte. In short:
//!
//! ```text
//! head  0  "CK"  format  flags  codec  waiters  0 0   (8)
//!       8  token                                       (16)  its generation (8), and its own part (8)
//!      24  holder                                      (16)  who should compute; zero: nobody
//!      40  floor   ms, big-endian                      (8)   the lease lives while PTTL > floor
//!      48  grace   ms, big-endian                      (8)   the entry is fresh while PTTL > grace
//! body 56  fingerprint  origin  delta us  life ms  checksum  (8 each)
//!      96  number of versions (2), versions (24 each)
//!          names of the tags, function, key            (length, bytes)
//!          payload, perhaps compressed                 (length, bytes)
//!          order of the write, big-endian              (8)   only with the flag for it
//! ```
//!
//! Scripts on the server change the head in place and never touch the body, so a value
//! never passes through one. An entry that only holds a token ends after the head. All
//! lengths of life are differences to the key's own remaining life: no clock is compared.
//! Integers of the body are little-endian, but for the order, which a script reads.

#[cfg(cachekit_faults)]
pub(crate) mod head;
pub(crate) mod read;
pub(crate) mod write;

use std::fmt;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

/// What every entry begins with: two letters, and the number of this format.
pub(crate) const MAGIC: [u8; 3] = *b"CK\x01";

const FLAGS: usize = 3;
const TOKEN: usize = 8;
const GRACE: usize = 48;

/// Where the head ends: an entry of this length holds a token and no value.
pub(crate) const HEAD: usize = 56;

/// Where the versions begin.
pub(crate) const VERSIONS: usize = 98;

/// How many versions every entry has beside those of its tags: the namespace's and its
/// function's.
pub(crate) const IMPLICIT: usize = 2;

const CHECKSUM: usize = 88;

/// There is a payload, or an absence: more than a token.
const FILLED: u8 = 1;
/// The function returned `None`.
const ABSENT: u8 = 2;
/// A write stored it that can be told from newer ones: its order stands at the end.
const ORDERED: u8 = 4;
/// The length of that order.
const ORDER: usize = 8;
/// What this version knows. Another may mean anything: what follows could look otherwise.
const KNOWN: u8 = FILLED | ABSENT | ORDERED;

const CODEC: usize = 4;

/// In the byte of the codec: the payload is compressed. Not among the flags, for once they were not
/// all looked at: as a codec that nobody knows, it is a miss to every version there ever was.
const PACKED: u8 = 0x80;

/// What a store must show to be accepted; removed by an invalidation, replaced by a store.
///
/// Its first half is the *generation*: writes with an order hand it on, everything else makes
/// another one. So who finds its own knows that nothing but such writes came in between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) [u8; 16]);

impl Token {
    /// One that nobody has had.
    pub(crate) fn random() -> Self {
        let mut token = [0; 16];
        // Without the system's randomness, two processes still differ by their seeds.
        if getrandom::fill(&mut token).is_err() {
            token = fastrand::u128(..).to_ne_bytes();
        }
        Self(token)
    }

    /// The same as a part of `other`'s generation.
    pub(crate) fn same_generation_as(mut self, other: Self) -> Self {
        self.0[..8].copy_from_slice(&other.0[..8]);
        self
    }

    /// Whether both are of one generation.
    #[cfg(cachekit_faults)]
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..8] == other.0[..8]
    }

    /// The one that stands in an entry, whatever else is wrong with it.
    pub(crate) fn of(entry: &[u8]) -> Option<Self> {
        let token = entry.get(8..24)?.try_into().ok()?;
        Some(Self(token))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({:x})", u128::from_be_bytes(self.0))
    }
}

/// The version of a tag, a function or the namespace: opaque, equal or not. Its first
/// eight bytes are the server's origin; its last eight, the *soft half*, are all that a soft
/// invalidation changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) [u8; Version::LEN]);

impl Version {
    pub(crate) const LEN: usize = 24;

    const SOFT: usize = 16;

    /// Whether both are the same but for soft invalidations in between.
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..Self::SOFT] == other.0[..Self::SOFT]
    }

    /// The same after a soft invalidation.
    #[cfg(cachekit_faults)]
    pub(crate) fn softened(mut self, soft: [u8; 8]) -> Self {
        self.0[Self::SOFT..].copy_from_slice(&soft);
        self
    }

    /// The data set in which it was made.
    pub(crate) fn origin(self) -> [u8; 8] {
        let mut origin = [0; 8];
        origin.copy_from_slice(&self.0[..8]);
        origin
    }

    /// What stands in Redis, if it is a version.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Version(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Over everything that decides what a reader makes of the entry, but for the fields that
/// scripts change in place.
fn checksum(bytes: &[u8], after_versions: usize) -> u64 {
    let mut hash = Xxh3::new();
    for part in [
        &bytes[..5],
        &bytes[HEAD..CHECKSUM],
        &bytes[96..VERSIONS],
        &bytes[after_versions..],
    ] {
        hash.update(part);
    }
    hash.digest()
}

/// Writes the right checksum into an entry that was changed, if it is long enough for one.
#[cfg(all(cachekit_faults, feature = "serde"))]
pub(crate) fn seal(entry: &mut [u8]) {
    let Some(&[low, high]) = entry.get(VERSIONS - 2..VERSIONS) else {
        return;
    };
    let after_versions = VERSIONS + usize::from(u16::from_le_bytes([low, high])) * Version::LEN;
    if after_versions <= entry.len() {
        let sum = checksum(entry, after_versions).to_le_bytes();
        entry[CHECKSUM..CHECKSUM + 8].copy_from_slice(&sum);
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
