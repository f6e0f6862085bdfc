//! The bytes of one entry in Redis, or in another store that processes share.
//!
//! `docs/format.md` shows every byte. In short:
//!
//! ```text
//! head  0  "CK"  format  flags  codec  waiters  0 0   (8)
//!       8  token                                       (16)  its generation (8), and its own part (8)
//!      24  holder                                      (16)  the lease's holder; zero: nobody
//!      40  floor   ms, big-endian                      (8)   the lease lives while PTTL > floor
//!      48  grace   ms, big-endian                      (8)   the entry is fresh while PTTL > grace
//! body 56  fingerprint  origin  delta us  life ms  checksum  (8 each)
//!      96  number of versions (2), versions (24 each)
//!          names of the tags, function, key            (length, bytes)
//!          payload, perhaps compressed                 (length, bytes)
//!          order of the write, big-endian              (8)   only with the flag for it
//! ```
//!
//! Scripts in Redis change the head of an entry in place. In the body, they only fill in the
//! versions of value tags when they store the entry, so no script reads or changes a value. An
//! entry that has only a token ends after the head. The floor and the grace are compared with the
//! time for which Redis still keeps the entry (`PTTL`), so the clocks of two machines are never
//! compared. The integers of the body are little-endian, except the order of a write, which a
//! script reads.

#[cfg(cachekit_faults)]
pub(crate) mod head;
pub(crate) mod read;
pub(crate) mod write;

use std::fmt;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

/// The first bytes of every entry: the letters `CK`, and the number of this version of the format.
pub(crate) const MAGIC: [u8; 3] = *b"CK\x01";

const FLAGS: usize = 3;
const TOKEN: usize = 8;
const GRACE: usize = 48;

/// The number of bytes in the head. An entry of exactly this length has a token and no value.
pub(crate) const HEAD: usize = 56;

/// The offset in bytes at which the versions of an entry begin.
pub(crate) const VERSIONS: usize = 98;

/// The number of versions that an entry has in addition to the versions of its tags: the version of
/// everything and the version of the function.
pub(crate) const IMPLICIT: usize = 2;

const CHECKSUM: usize = 88;

/// Flag of an entry that has a payload or an absence, and not only a token.
const FILLED: u8 = 1;
/// Flag of an entry with an absence: the function returned `None`.
const ABSENT: u8 = 2;
/// Flag of an entry that a write with an order stored. The order is at the end of the entry's
/// bytes.
const ORDERED: u8 = 4;
/// The number of bytes of a write's order, at the end of an entry.
const ORDER: usize = 8;
/// All flags that this version of the library knows. An entry with another flag is rejected,
/// because an unknown flag may mean anything, even a different layout.
const KNOWN: u8 = FILLED | ABSENT | ORDERED;

const CODEC: usize = 4;

/// Bit in the byte of the codec that marks a compressed payload. The bit is not one of the flags,
/// because older versions of the library do not check all flags. A version that does not know the
/// bit takes the byte for an unknown codec, and the entry for a miss.
const PACKED: u8 = 0x80;

/// A fencing token. A store of a value must show the current token of its key to be accepted. An
/// invalidation removes the token, and an accepted store replaces it by another token.
///
/// The first half of a token is its *generation*. A write with an order keeps the generation of the
/// token that the write replaces; everything else makes a new generation. So a process that finds
/// the generation of its own token at the key knows that only writes with an order came since the
/// process got the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) [u8; 16]);

impl Token {
    /// Creates a random token, which no store or computation has had before.
    pub(crate) fn random() -> Self {
        let mut token = [0; 16];
        // If the system gives no randomness, two processes still differ by the seeds of their
        // generators.
        if getrandom::fill(&mut token).is_err() {
            token = fastrand::u128(..).to_ne_bytes();
        }
        Self(token)
    }

    /// Returns this token with the generation of `other` in place of its own.
    pub(crate) fn same_generation_as(mut self, other: Self) -> Self {
        self.0[..8].copy_from_slice(&other.0[..8]);
        self
    }

    /// Returns `true` if both tokens have the same generation.
    #[cfg(cachekit_faults)]
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..8] == other.0[..8]
    }

    /// Returns the token in the bytes of `entry`, even if the rest of the entry is damaged. Returns
    /// `None` if the bytes are too short for a token.
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

/// The version of a tag, an event, a function or everything. A version is opaque: two versions are
/// only tested for equality. The first 8 of its 24 bytes are the origin, which identifies the data
/// set of the server. The last 8 bytes are the *soft half*, the only bytes that a soft invalidation
/// changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) [u8; Version::LEN]);

impl Version {
    pub(crate) const LEN: usize = 24;

    const SOFT: usize = 16;

    /// Returns `true` if both versions are equal, or differ only by soft invalidations.
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..Self::SOFT] == other.0[..Self::SOFT]
    }

    /// Returns this version as a soft invalidation leaves it, with `soft` as its soft half.
    #[cfg(cachekit_faults)]
    pub(crate) fn softened(mut self, soft: [u8; 8]) -> Self {
        self.0[Self::SOFT..].copy_from_slice(&soft);
        self
    }

    /// Returns the origin of the version, which identifies the data set in which the version was
    /// made.
    pub(crate) fn origin(self) -> [u8; 8] {
        let mut origin = [0; 8];
        origin.copy_from_slice(&self.0[..8]);
        origin
    }

    /// Returns the version that consists of `bytes`, which Redis sent, or `None` if their number is
    /// not [`LEN`](Self::LEN).
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

/// Returns the checksum of the entry in `bytes`. The checksum is over everything that decides the
/// entry's meaning for a reader, except the fields that scripts change: those of the head from byte
/// 5 on, and the versions. `after_versions` is the offset of the first byte after the versions.
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

/// Writes the right checksum into `entry` after its bytes were changed. Does nothing if `entry` is
/// too short for the versions that it announces.
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
