//! Reading an entry from bytes that anybody may have written.

use std::time::Duration;

use smallvec::SmallVec;

use crate::encoding::compress::Payload;
use crate::encoding::envelope::{
    ABSENT, CHECKSUM, CODEC, FILLED, FLAGS, FLOOR, GRACE, HEAD, HOLDER, IMPLICIT, KNOWN, MAGIC,
    ORDER, ORDERED, PACKED, SEALED, TOKEN, Token, VERSIONS, Version, checksum,
};

/// An entry from Redis, parsed as far as possible without knowing the type of its value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) codec: u8,
    pub(crate) is_absent: bool,
    pub(crate) fingerprint: u64,
    /// The origin of the data set in which the entry was made.
    pub(crate) origin: [u8; 8],
    pub(crate) fill: Token,
    pub(crate) grace: Duration,
    pub(crate) life: Duration,
    pub(crate) delta: Duration,
    /// The versions on which the entry depends: the version of everything, of the function, and of
    /// each name in `tags`, in this sequence.
    pub(crate) versions: SmallVec<[Version; 4]>,
    pub(crate) tags: Vec<&'a [u8]>,
    pub(crate) function: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) payload: Payload<'a>,
    /// The order (`order_by`) of the write that stored the entry. `None` if a computation or a
    /// write without an order stored the entry.
    pub(crate) order: Option<u64>,
}

/// The reason why bytes from Redis are not an entry with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reject {
    /// The bytes were not written by this library.
    NotOurs,
    /// The entry has a version of the format that this version of the library does not know.
    Format,
    /// The entry has a fencing token and no value yet.
    Vacant,
    /// The bytes of the entry were cut short or changed after this library wrote them.
    Damaged,
    /// The entry is encrypted, and no key of the cache opens it, or it is not encrypted although its
    /// function is.
    Sealed,
}

impl<'a> Envelope<'a> {
    /// Parses `bytes` as an entry with a value. Returns the reason if `bytes` are not such an
    /// entry. The memory that is allocated is at most proportional to the number of `bytes`,
    /// whatever lengths they announce.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Reject> {
        match bytes.get(..3) {
            Some(start) if start == MAGIC => {}
            Some([b'C', b'K', _]) => return Err(Reject::Format),
            _ => return Err(Reject::NotOurs),
        }
        let flags = *bytes.get(FLAGS).ok_or(Reject::Damaged)?;
        if flags & !KNOWN != 0 {
            return Err(Reject::Format);
        }
        if flags & FILLED == 0 {
            return Err(if bytes.len() == HEAD {
                Reject::Vacant
            } else {
                Reject::Damaged
            });
        }
        if flags & SEALED != 0 {
            return Err(Reject::Sealed);
        }
        Self::body(bytes, flags).ok_or(Reject::Damaged)
    }

    fn body(bytes: &'a [u8], flags: u8) -> Option<Self> {
        let count = usize::from(u16::from_le_bytes(array(bytes, VERSIONS - 2)?));
        let after_versions = VERSIONS + count * Version::LEN;
        let versions = bytes.get(VERSIONS..after_versions)?;
        if u64::from_le_bytes(array(bytes, CHECKSUM)?) != checksum(bytes, after_versions) {
            return None;
        }
        let mut rest = bytes.get(after_versions..)?;
        let tags = count.checked_sub(IMPLICIT)?;
        let tags: Vec<_> = (0..tags).map(|_| text(&mut rest)).collect::<Option<_>>()?;
        let function = text(&mut rest)?;
        let key = text(&mut rest)?;
        let payload = text(&mut rest)?;
        let mut order = None;
        if flags & ORDERED != 0 {
            order = Some(u64::from_be_bytes(array(rest, 0)?));
            rest = &rest[ORDER..];
        }
        let is_absent = flags & ABSENT != 0;
        let is_whole = rest.is_empty() && (!is_absent || payload.is_empty());
        is_whole.then_some(())?;
        let payload = match bytes[CODEC] & PACKED {
            0 => Payload::Plain(payload),
            _ => Payload::packed(payload)?,
        };
        Some(Self {
            codec: bytes[CODEC] & !PACKED,
            is_absent,
            fill: Token(array(bytes, TOKEN)?),
            grace: Duration::from_millis(u64::from_be_bytes(array(bytes, GRACE)?)),
            fingerprint: u64::from_le_bytes(array(bytes, 56)?),
            origin: array(bytes, 64)?,
            delta: Duration::from_micros(u64::from_le_bytes(array(bytes, 72)?)),
            life: Duration::from_millis(u64::from_le_bytes(array(bytes, 80)?)),
            versions: versions
                .chunks_exact(Version::LEN)
                .filter_map(Version::of)
                .collect(),
            tags,
            function,
            key,
            payload,
            order,
        })
    }
}

/// Returns the time after which the lease of the entry in `bytes` ends, if the store keeps the entry
/// for `left`. Returns `None` if no process holds the lease.
pub(crate) fn lease(bytes: &[u8], left: Duration) -> Option<Duration> {
    let holder: [u8; 16] = array(bytes, HOLDER)?;
    let floor = Duration::from_millis(u64::from_be_bytes(array(bytes, FLOOR)?));
    let lease = left.saturating_sub(floor);
    (holder != [0; 16] && !lease.is_zero()).then_some(lease)
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

pub(crate) fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(array(rest, 0)?);
    let end = usize::try_from(length).ok()?.checked_add(4)?;
    let text = rest.get(4..end)?;
    *rest = &rest[end..];
    Some(text)
}
