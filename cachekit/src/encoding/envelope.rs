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
//!
//! An encrypted entry has the same head and versions, and between them the nonce and the id of the
//! key (`envelope/sealed.rs`).

#[cfg(any(feature = "testing", cachekit_faults))]
pub(crate) mod head;
pub(crate) mod read;
pub(crate) mod sealed;
pub(crate) mod write;

use std::fmt;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

/// The first bytes of every entry in Redis: the letters `CK`, and the number of the format's
/// version.
pub(crate) const MAGIC: [u8; 3] = *b"CK\x01";

const FLAGS: usize = 3;
const TOKEN: usize = 8;
const HOLDER: usize = 24;
const FLOOR: usize = 40;
const GRACE: usize = 48;

/// The number of bytes in the head of an entry. An entry of exactly this length has a fencing token
/// and no value.
pub(crate) const HEAD: usize = 56;

/// The offset in an entry's bytes at which its versions begin.
pub(crate) const VERSIONS: usize = 98;

/// The number of versions that an entry has in addition to the versions of its tags: the version of
/// everything and the version of the function.
pub(crate) const IMPLICIT: usize = 2;

const CHECKSUM: usize = 88;

/// Flag of an entry that has a value or an absence. Without this flag, the entry has only a fencing
/// token.
const FILLED: u8 = 1;
/// Flag of an entry that remembers an absence: the function returned `None`.
const ABSENT: u8 = 2;
/// Flag of an entry that a write with `order_by` stored. The last bytes of the entry contain
/// the order.
const ORDERED: u8 = 4;
/// The number of bytes that the order of a write (`order_by`) takes at the end of an entry.
const ORDER: usize = 8;
/// Flag of an entry that is encrypted.
const SEALED: u8 = 8;
/// All flags of an entry that this version of the library knows. An entry with another flag is
/// rejected, because an unknown flag may mean anything, even a different layout.
const KNOWN: u8 = FILLED | ABSENT | ORDERED | SEALED;

const CODEC: usize = 4;

/// Bit in the codec byte of an entry that marks a compressed payload. The bit is not in the byte of
/// flags, because older versions of the library do not check all flags. A version that does not
/// know the bit takes the byte for an unknown codec, so the entry is a miss.
const PACKED: u8 = 0x80;

/// A fencing token of a key. Redis stores a value only if the store shows the current token of the
/// key. An invalidation removes the token, and an accepted store replaces it by another token.
///
/// The first half of a token is its *generation*. A write with an order keeps the generation of the
/// token that the write replaces. Any other store makes a new generation. So a process that finds
/// the generation of its own token at the key knows that only writes with an order came since the
/// process got the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) [u8; 16]);

impl Token {
    /// Creates a random fencing token, which no store or computation has had before.
    pub(crate) fn random() -> Self {
        let mut token = [0; 16];
        // Without randomness of the system, the tokens of two processes still differ by the seeds
        // of the processes' generators.
        if getrandom::fill(&mut token).is_err() {
            token = fastrand::u128(..).to_ne_bytes();
        }
        Self(token)
    }

    /// Returns this fencing token with the generation (the first half) of `other`.
    pub(crate) fn same_generation_as(mut self, other: Self) -> Self {
        self.0[..8].copy_from_slice(&other.0[..8]);
        self
    }

    /// Returns `true` if both fencing tokens have the same generation, which is their first half.
    #[cfg(any(feature = "testing", cachekit_faults))]
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..8] == other.0[..8]
    }

    /// Returns the fencing token in the bytes of `entry`, even if other bytes of the entry are
    /// damaged. Returns `None` if `entry` is too short for a token.
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

/// The version of a tag, an event, a function or everything. Versions are only compared for
/// equality. The first 8 of the 24 bytes are the origin, which identifies the data set of the Redis
/// server. The last 8 bytes are the *soft half*, the only bytes that a soft invalidation changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) [u8; Version::LEN]);

impl Version {
    pub(crate) const LEN: usize = 24;

    const SOFT: usize = 16;

    /// Returns `true` if both versions are equal, or differ only by soft invalidations.
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..Self::SOFT] == other.0[..Self::SOFT]
    }

    /// Returns this version as a soft invalidation changes it: the last 8 bytes are `soft`.
    #[cfg(any(feature = "testing", cachekit_faults))]
    pub(crate) fn softened(mut self, soft: [u8; 8]) -> Self {
        self.0[Self::SOFT..].copy_from_slice(&soft);
        self
    }

    /// Returns the first 8 bytes of the version, which identify the data set of the Redis server
    /// that made the version.
    pub(crate) fn origin(self) -> [u8; 8] {
        let mut origin = [0; 8];
        origin.copy_from_slice(&self.0[..8]);
        origin
    }

    /// Returns the version that consists of `bytes` from Redis, or `None` if the number of `bytes`
    /// is not [`LEN`](Self::LEN).
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

/// Returns the checksum of the entry in `bytes`. The checksum covers all bytes that decide the
/// meaning of the entry for a reader, except the fields that Lua scripts in Redis change: the head
/// from byte 5 on, and the versions. `after_versions` is the offset of the first byte after the
/// versions.
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

/// Writes the right checksum into `entry`, after a test has changed its bytes. Does nothing if
/// `entry` is too short for the versions that it announces.
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
