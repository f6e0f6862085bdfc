//! The mix of operations on the nodes.

mod nested;

pub(crate) use self::nested::*;
use crate::cells::Kind;
use crate::parent::Disruption;
use crate::write_kind::{SoftKind, WriteKind};

/// What one node does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    pub(crate) readers: usize,
    /// The longest pause of a reader, in milliseconds.
    pub(crate) read_pause: u64,
    pub(crate) writers: usize,
    /// The longest pause of a writer, in milliseconds.
    pub(crate) write_pause: u64,
    /// The kinds that are read.
    pub(crate) kinds: &'static [Kind],
    /// Each as often as it stands here.
    pub(crate) write_kinds: &'static [WriteKind],
    /// Whether rows whose names change are written at chosen moments, too (`first_reads`).
    pub(crate) first_reads: bool,
    /// The longest sleep of most computations, in milliseconds.
    pub(crate) sleep: u64,
    /// Of a thousand computations so many take longer than a lease.
    pub(crate) slow: u32,
    /// Of a hundred writes and reads so many are dropped in the middle.
    pub(crate) dropped: u32,
    /// Whether memory goes on, where Redis cannot be asked, with what was invalidated elsewhere.
    pub(crate) serves_disconnected: bool,
    /// The faults that it is for; none, if it is for any.
    pub(crate) only: &'static [Disruption],
}

/// A bit of everything.
pub(crate) const USUAL: Mix = Mix {
    readers: 32,
    read_pause: 10,
    writers: 4,
    write_pause: 300,
    kinds: &[
        Kind::Plain,
        Kind::Grouped,
        Kind::Evented,
        Kind::Maybe,
        Kind::Fallible,
        Kind::Through,
        Kind::Ordered,
        Kind::Direct,
        Kind::Put,
        Kind::Region,
        Kind::Stale,
        Kind::StaleGroup,
        Kind::Replicated,
    ],
    write_kinds: &[
        WriteKind::Key,
        WriteKind::Key,
        WriteKind::Key,
        WriteKind::Entry,
        WriteKind::Entry,
        WriteKind::Tag,
        WriteKind::Tag,
        WriteKind::Tag,
        WriteKind::ValueTag,
        WriteKind::ValueTag,
        WriteKind::ValueTag,
        WriteKind::Event,
        WriteKind::Event,
        WriteKind::Function,
        WriteKind::Clear,
        WriteKind::Put,
        WriteKind::Put,
        WriteKind::Put,
        WriteKind::Through,
        WriteKind::Through,
        WriteKind::Through,
        WriteKind::Ordered,
        WriteKind::Ordered,
        WriteKind::Ordered,
        WriteKind::Annotated,
        WriteKind::Annotated,
        WriteKind::Regrouped,
        WriteKind::Regrouped,
        WriteKind::Deferred,
        WriteKind::Deferred,
        WriteKind::AckedKey,
        WriteKind::AckedTag,
        WriteKind::AckedValueTag,
        WriteKind::Soft(SoftKind::Key),
        WriteKind::Soft(SoftKind::Entry),
        WriteKind::Soft(SoftKind::Tag),
        WriteKind::Soft(SoftKind::ValueTag),
        WriteKind::Soft(SoftKind::Event),
        WriteKind::Soft(SoftKind::Function),
        WriteKind::Soft(SoftKind::Annotated),
        WriteKind::Soft(SoftKind::Regrouped),
        WriteKind::Soft(SoftKind::AckedKey),
        WriteKind::Soft(SoftKind::AckedTag),
    ],
    first_reads: false,
    sleep: 40,
    slow: 5,
    dropped: 5,
    serves_disconnected: false,
    only: &[],
};

/// Invalidations that remove entries, while others compute.
pub(crate) const BY_KEY: Mix = Mix {
    kinds: &[Kind::Plain, Kind::Direct, Kind::Fallible],
    write_kinds: &[WriteKind::Key, WriteKind::Entry, WriteKind::Annotated],
    write_pause: 60,
    ..USUAL
};

/// The same of entries that have copies.
pub(crate) const REPLICAS: Mix = Mix {
    kinds: &[Kind::Replicated],
    ..BY_KEY
};

/// Invalidations that remove versions of tags known beforehand.
pub(crate) const BY_TAG: Mix = Mix {
    kinds: &[Kind::Plain, Kind::Direct, Kind::Fallible, Kind::Maybe],
    write_kinds: &[
        WriteKind::Tag,
        WriteKind::Tag,
        WriteKind::Tag,
        WriteKind::Function,
        WriteKind::Event,
    ],
    ..USUAL
};

/// Invalidations of tags that only the value names.
pub(crate) const BY_VALUE: Mix = Mix {
    kinds: &[Kind::Grouped, Kind::Through],
    write_kinds: &[WriteKind::ValueTag, WriteKind::Regrouped],
    ..USUAL
};

/// What was invalidated stays so for a moment, so that a late command finds it that way.
pub(crate) const SELDOM_READ: Mix = Mix {
    readers: 10,
    read_pause: 30,
    writers: 2,
    write_pause: 500,
    kinds: &[Kind::Plain, Kind::Fallible, Kind::Direct],
    write_kinds: &[WriteKind::Tag],
    sleep: 10,
    dropped: 0,
    ..USUAL
};

/// A row is written seldom, so that what is not told shows; nothing takes everything away.
pub(crate) const FEW_WRITES: Mix = Mix {
    writers: 2,
    write_pause: 400,
    write_kinds: &[
        WriteKind::Key,
        WriteKind::Entry,
        WriteKind::Tag,
        WriteKind::ValueTag,
        WriteKind::Event,
        WriteKind::Put,
        WriteKind::Through,
        WriteKind::Ordered,
        WriteKind::Annotated,
        WriteKind::Regrouped,
    ],
    ..USUAL
};

/// Writes that store, and calls that are dropped in the middle.
pub(crate) const DROPPED_CALLS: Mix = Mix {
    kinds: &[
        Kind::Through,
        Kind::Ordered,
        Kind::Put,
        Kind::Plain,
        Kind::Fallible,
    ],
    write_kinds: &[
        WriteKind::Through,
        WriteKind::Ordered,
        WriteKind::Put,
        WriteKind::Annotated,
        WriteKind::Deferred,
    ],
    write_pause: 150,
    dropped: 40,
    ..USUAL
};

/// Writes by hand, in every tier.
pub(crate) const PUTS: Mix = Mix {
    kinds: &[Kind::Put],
    write_kinds: &[WriteKind::Put],
    ..USUAL
};

/// Invalidations that every node has applied when they return.
pub(crate) const ACKNOWLEDGED: Mix = Mix {
    write_kinds: &[
        WriteKind::AckedKey,
        WriteKind::AckedKey,
        WriteKind::AckedTag,
        WriteKind::AckedValueTag,
        WriteKind::AckedFunction,
    ],
    write_pause: 100,
    read_pause: 4,
    ..USUAL
};

/// Writes of one entry that overlap, and can be told apart; some are invalidated in between.
pub(crate) const ORDERED: Mix = Mix {
    kinds: &[Kind::Ordered],
    write_kinds: &[
        WriteKind::Ordered,
        WriteKind::Ordered,
        WriteKind::Ordered,
        WriteKind::Key,
    ],
    writers: 8,
    write_pause: 60,
    ..USUAL
};

/// Writes with an order, and such as come too late: their numbers are older than what returned
/// since. What memory knows of that, it knows for as long as nothing but Redis loses it.
pub(crate) const LATE_WRITES: Mix = Mix {
    kinds: &[Kind::Ordered],
    write_kinds: &[WriteKind::Delayed],
    readers: 12,
    writers: 2,
    write_pause: 300,
    only: &[Disruption::DelEntry],
    ..USUAL
};

/// Invalidations that a node does not hear of, which may ask Redis all the same. Only where it
/// could not, its memory would go on: nothing that keeps Redis from answering belongs here.
pub(crate) const MISSED_MESSAGES: Mix = Mix {
    kinds: &[
        Kind::Plain,
        Kind::Grouped,
        Kind::Evented,
        Kind::Maybe,
        Kind::Fallible,
        Kind::Direct,
    ],
    write_kinds: &[
        WriteKind::Key,
        WriteKind::Entry,
        WriteKind::Tag,
        WriteKind::ValueTag,
        WriteKind::Event,
        WriteKind::Function,
        WriteKind::Annotated,
        WriteKind::Regrouped,
        WriteKind::AckedKey,
        WriteKind::AckedTag,
    ],
    readers: 48,
    write_pause: 300,
    // Others have not always stored it anew when the node that hears nothing asks.
    slow: 120,
    serves_disconnected: true,
    only: &[
        Disruption::Deafen,
        Disruption::DelEntry,
        Disruption::DelVersion,
        Disruption::DelGuard,
    ],
    ..USUAL
};

/// Writes by two handles of one region, each of which has to show in the other.
pub(crate) const REGIONS: Mix = Mix {
    kinds: &[Kind::Region],
    write_kinds: &[WriteKind::Put],
    write_pause: 60,
    ..USUAL
};

/// Values that may be served old, which are invalidated softly for the most part, and seldom
/// enough that windows end between two writes of a row.
pub(crate) const SOFT: Mix = Mix {
    readers: 24,
    kinds: &[Kind::Stale, Kind::StaleGroup],
    write_kinds: &[
        WriteKind::Soft(SoftKind::Key),
        WriteKind::Soft(SoftKind::Entry),
        WriteKind::Soft(SoftKind::Tag),
        WriteKind::Soft(SoftKind::ValueTag),
        WriteKind::Soft(SoftKind::Event),
        WriteKind::Soft(SoftKind::Annotated),
        WriteKind::Soft(SoftKind::Regrouped),
        WriteKind::Soft(SoftKind::Function),
        WriteKind::Soft(SoftKind::AckedKey),
        WriteKind::Soft(SoftKind::AckedTag),
        WriteKind::Key,
        WriteKind::Tag,
    ],
    writers: 2,
    write_pause: 1_500,
    // So that old values are served for long.
    slow: 150,
    ..USUAL
};

/// The same by name alone, while others compute.
pub(crate) const SOFT_BY_KEY: Mix = Mix {
    write_kinds: &[
        WriteKind::Soft(SoftKind::Key),
        WriteKind::Soft(SoftKind::Entry),
        WriteKind::Soft(SoftKind::Annotated),
    ],
    write_pause: 200,
    ..SOFT
};

/// The same by tags, events and functions alone.
pub(crate) const SOFT_BY_TAG: Mix = Mix {
    write_kinds: &[
        WriteKind::Soft(SoftKind::Tag),
        WriteKind::Soft(SoftKind::ValueTag),
        WriteKind::Soft(SoftKind::Event),
        WriteKind::Soft(SoftKind::Regrouped),
        WriteKind::Soft(SoftKind::Function),
    ],
    ..SOFT
};

const NAMED: &[(&str, Mix)] = &[
    ("usual", USUAL),
    ("by-key", BY_KEY),
    ("by-tag", BY_TAG),
    ("by-value", BY_VALUE),
    ("seldom-read", SELDOM_READ),
    ("few-writes", FEW_WRITES),
    ("dropped-calls", DROPPED_CALLS),
    ("puts", PUTS),
    ("acknowledged", ACKNOWLEDGED),
    ("ordered", ORDERED),
    ("late-writes", LATE_WRITES),
    ("missed-messages", MISSED_MESSAGES),
    ("regions", REGIONS),
    ("soft", SOFT),
    ("replicas", REPLICAS),
    ("nested", NESTED),
    ("nested-writes", NESTED_WRITES),
    ("nested-lives", NESTED_LIVES),
];

/// The mix of this name, with its name.
pub(crate) fn find(name: &str) -> Result<(&'static str, Mix), String> {
    let found = NAMED.iter().find(|(known, _)| *known == name).copied();
    found.ok_or_else(|| {
        let names: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
        format!("--mix {name}: expected one of {}", names.join(", "))
    })
}
