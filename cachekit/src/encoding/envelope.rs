//! The bytes of one entry in a store that processes share.
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
//! Scripts on the server change the head in place and never touch the body, so a value
//! never passes through one. An entry that only holds a token ends after the head. All
//! lifetimes are differences to the remaining life of the key in Redis: no clocks are compared.
//! Integers of the body are little-endian, except the order, which a script reads.

#[cfg(cachekit_faults)]
pub(crate) mod head;
pub(crate) mod read;
pub(crate) mod write;

use std::fmt;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

/// The first bytes of every entry: two letters, and the number of this format.
pub(crate) const MAGIC: [u8; 3] = *b"CK\x01";

const FLAGS: usize = 3;
const TOKEN: usize = 8;
const GRACE: usize = 48;

/// The end of the head: an entry of this length holds a token and no value.
pub(crate) const HEAD: usize = 56;

/// The offset of the versions.
pub(crate) const VERSIONS: usize = 98;

/// The number of versions that every entry has beside those of its tags: the namespace's and its
/// function's.
pub(crate) const IMPLICIT: usize = 2;

const CHECKSUM: usize = 88;

/// Flag of an entry with a payload or an absence, and not only a token.
const FILLED: u8 = 1;
/// Flag of an absence: the function returned `None`.
const ABSENT: u8 = 2;
/// Flag of an entry that a write with an order stored: the order is at the end.
const ORDERED: u8 = 4;
/// The number of bytes of that order.
const ORDER: usize = 8;
/// All flags that this version knows. Another may mean anything, even a different layout.
const KNOWN: u8 = FILLED | ABSENT | ORDERED;

const CODEC: usize = 4;

/// Bit of a compressed payload, in the byte of the codec. It is not one of the flags, because older
/// versions did not check all of them: as an unknown codec, it is a miss to every version.
const PACKED: u8 = 0x80;

/// The fencing token that a store must show to be accepted. An invalidation removes it, and a store
/// replaces it.
///
/// Its first half is the *generation*: writes with an order hand it on, everything else makes
/// another one. So a process that finds its own generation knows that nothing but such writes came
/// in between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) [u8; 16]);

impl Token {
    /// Creates a token that nobody has had.
    pub(crate) fn random() -> Self {
        let mut token = [0; 16];
        // Without the system's randomness, two processes still differ by their seeds.
        if getrandom::fill(&mut token).is_err() {
            token = fastrand::u128(..).to_ne_bytes();
        }
        Self(token)
    }

    /// Returns this token as a part of `other`'s generation.
    pub(crate) fn same_generation_as(mut self, other: Self) -> Self {
        self.0[..8].copy_from_slice(&other.0[..8]);
        self
    }

    /// Returns `true` if both are of one generation.
    #[cfg(cachekit_faults)]
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..8] == other.0[..8]
    }

    /// Returns the token of an entry, whatever else is wrong with the entry.
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

/// The version of a tag, a function or the namespace. Versions are opaque: two are equal or not. The
/// first eight bytes are the server's origin; the last eight, the *soft half*, are all that a soft
/// invalidation changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) [u8; Version::LEN]);

impl Version {
    pub(crate) const LEN: usize = 24;

    const SOFT: usize = 16;

    /// Returns `true` if both are equal, except for soft invalidations in between.
    pub(crate) fn is_same_generation(self, other: Self) -> bool {
        self.0[..Self::SOFT] == other.0[..Self::SOFT]
    }

    /// Returns the version after a soft invalidation.
    #[cfg(cachekit_faults)]
    pub(crate) fn softened(mut self, soft: [u8; 8]) -> Self {
        self.0[Self::SOFT..].copy_from_slice(&soft);
        self
    }

    /// Returns the data set in which the version was made.
    pub(crate) fn origin(self) -> [u8; 8] {
        let mut origin = [0; 8];
        origin.copy_from_slice(&self.0[..8]);
        origin
    }

    /// Returns the version in `bytes` from Redis, if they are one.
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

/// Returns the checksum over everything that decides what a reader makes of the entry, except the
/// fields that scripts change in place.
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

/// Writes the right checksum into an entry that was changed, if the entry is long enough for one.
#[cfg(all(cachekit_faults, feature = "testing", feature = "serde"))]
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
