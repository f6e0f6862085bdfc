//! How much of what the nodes do.

use crate::cells::Kind;
use crate::parent::Injury;
use crate::way::{Soft, Way};

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
    pub(crate) ways: &'static [Way],
    /// The longest sleep of most computations, in milliseconds.
    pub(crate) sleep: u64,
    /// Of a thousand computations so many take longer than a lease.
    pub(crate) slow: u32,
    /// Of a hundred writes and reads so many are dropped in the middle.
    pub(crate) dropped: u32,
    /// Whether memory goes on, where Redis cannot be asked, with what was invalidated elsewhere.
    pub(crate) goes_on: bool,
    /// The faults that it is for; none, if it is for any.
    pub(crate) only: &'static [Injury],
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
        Kind::Aging,
        Kind::AgingGroup,
        Kind::Copied,
    ],
    ways: &[
        Way::Key,
        Way::Key,
        Way::Key,
        Way::Entry,
        Way::Entry,
        Way::Tag,
        Way::Tag,
        Way::Tag,
        Way::ValueTag,
        Way::ValueTag,
        Way::ValueTag,
        Way::Event,
        Way::Event,
        Way::Function,
        Way::Clear,
        Way::Put,
        Way::Put,
        Way::Put,
        Way::Through,
        Way::Through,
        Way::Through,
        Way::Ordered,
        Way::Ordered,
        Way::Ordered,
        Way::Annotated,
        Way::Annotated,
        Way::Regrouped,
        Way::Regrouped,
        Way::Deferred,
        Way::Deferred,
        Way::AckedKey,
        Way::AckedTag,
        Way::AckedValueTag,
        Way::Soft(Soft::Key),
        Way::Soft(Soft::Entry),
        Way::Soft(Soft::Tag),
        Way::Soft(Soft::ValueTag),
        Way::Soft(Soft::Event),
        Way::Soft(Soft::Function),
        Way::Soft(Soft::Annotated),
        Way::Soft(Soft::Regrouped),
        Way::Soft(Soft::AckedKey),
        Way::Soft(Soft::AckedTag),
    ],
    sleep: 40,
    slow: 5,
    dropped: 5,
    goes_on: false,
    only: &[],
};

/// Invalidations that remove entries, while others compute.
pub(crate) const BY_KEY: Mix = Mix {
    kinds: &[Kind::Plain, Kind::Direct, Kind::Fallible],
    ways: &[Way::Key, Way::Entry, Way::Annotated],
    write_pause: 60,
    ..USUAL
};

/// The same of entries that have copies.
pub(crate) const COPIES: Mix = Mix {
    kinds: &[Kind::Copied],
    ..BY_KEY
};

/// Invalidations that remove versions of tags known beforehand.
pub(crate) const BY_TAG: Mix = Mix {
    kinds: &[Kind::Plain, Kind::Direct, Kind::Fallible, Kind::Maybe],
    ways: &[Way::Tag, Way::Tag, Way::Tag, Way::Function, Way::Event],
    ..USUAL
};

/// Invalidations of tags that only the value names.
pub(crate) const BY_VALUE: Mix = Mix {
    kinds: &[Kind::Grouped, Kind::Through],
    ways: &[Way::ValueTag, Way::Regrouped],
    ..USUAL
};

/// What was invalidated stays so for a moment, so that a late command finds it that way.
pub(crate) const SELDOM_READ: Mix = Mix {
    readers: 10,
    read_pause: 30,
    writers: 2,
    write_pause: 500,
    kinds: &[Kind::Plain, Kind::Fallible, Kind::Direct],
    ways: &[Way::Tag],
    sleep: 10,
    dropped: 0,
    ..USUAL
};

/// A row is written seldom, so that what is not told shows; nothing takes everything away.
pub(crate) const CALM: Mix = Mix {
    writers: 2,
    write_pause: 400,
    ways: &[
        Way::Key,
        Way::Entry,
        Way::Tag,
        Way::ValueTag,
        Way::Event,
        Way::Put,
        Way::Through,
        Way::Ordered,
        Way::Annotated,
        Way::Regrouped,
    ],
    ..USUAL
};

/// Writes that store, and calls that are dropped in the middle.
pub(crate) const DROPPED: Mix = Mix {
    kinds: &[
        Kind::Through,
        Kind::Ordered,
        Kind::Put,
        Kind::Plain,
        Kind::Fallible,
    ],
    ways: &[
        Way::Through,
        Way::Ordered,
        Way::Put,
        Way::Annotated,
        Way::Deferred,
    ],
    write_pause: 150,
    dropped: 40,
    ..USUAL
};

/// Writes by hand, in every tier.
pub(crate) const BY_HAND: Mix = Mix {
    kinds: &[Kind::Put],
    ways: &[Way::Put],
    ..USUAL
};

/// Invalidations that every node has applied when they return.
pub(crate) const ACKNOWLEDGED: Mix = Mix {
    ways: &[
        Way::AckedKey,
        Way::AckedKey,
        Way::AckedTag,
        Way::AckedValueTag,
        Way::AckedFunction,
    ],
    write_pause: 100,
    read_pause: 4,
    ..USUAL
};

/// Writes of one entry that overlap, and can be told apart; some are invalidated in between.
pub(crate) const ORDERED: Mix = Mix {
    kinds: &[Kind::Ordered],
    ways: &[Way::Ordered, Way::Ordered, Way::Ordered, Way::Key],
    writers: 8,
    write_pause: 60,
    ..USUAL
};

/// Writes with an order, and such as come too late: their numbers are older than what returned
/// since. What memory knows of that, it knows for as long as nothing but Redis loses it.
pub(crate) const LATE: Mix = Mix {
    kinds: &[Kind::Ordered],
    ways: &[Way::Late],
    readers: 12,
    writers: 2,
    write_pause: 300,
    only: &[Injury::DelEntry],
    ..USUAL
};

/// Invalidations that a node does not hear of, which may ask Redis all the same. Only where it
/// could not, its memory would go on: nothing that keeps Redis from answering belongs here.
pub(crate) const UNHEARD: Mix = Mix {
    kinds: &[
        Kind::Plain,
        Kind::Grouped,
        Kind::Evented,
        Kind::Maybe,
        Kind::Fallible,
        Kind::Direct,
    ],
    ways: &[
        Way::Key,
        Way::Entry,
        Way::Tag,
        Way::ValueTag,
        Way::Event,
        Way::Function,
        Way::Annotated,
        Way::Regrouped,
        Way::AckedKey,
        Way::AckedTag,
    ],
    readers: 48,
    write_pause: 300,
    // Others have not always stored it anew when the node that hears nothing asks.
    slow: 120,
    goes_on: true,
    only: &[
        Injury::Deafen,
        Injury::DelEntry,
        Injury::DelVersion,
        Injury::DelGuard,
    ],
    ..USUAL
};

/// Writes by two handles of one region, each of which has to show in the other.
pub(crate) const REGIONS: Mix = Mix {
    kinds: &[Kind::Region],
    ways: &[Way::Put],
    write_pause: 60,
    ..USUAL
};

/// Values that may be served old, which are invalidated softly for the most part, and seldom
/// enough that windows end between two writes of a row.
pub(crate) const SOFT: Mix = Mix {
    readers: 24,
    kinds: &[Kind::Aging, Kind::AgingGroup],
    ways: &[
        Way::Soft(Soft::Key),
        Way::Soft(Soft::Entry),
        Way::Soft(Soft::Tag),
        Way::Soft(Soft::ValueTag),
        Way::Soft(Soft::Event),
        Way::Soft(Soft::Annotated),
        Way::Soft(Soft::Regrouped),
        Way::Soft(Soft::Function),
        Way::Soft(Soft::AckedKey),
        Way::Soft(Soft::AckedTag),
        Way::Key,
        Way::Tag,
    ],
    writers: 2,
    write_pause: 1_500,
    // So that old values are served for long.
    slow: 150,
    ..USUAL
};

/// The same by name alone, while others compute.
pub(crate) const SOFT_BY_KEY: Mix = Mix {
    ways: &[
        Way::Soft(Soft::Key),
        Way::Soft(Soft::Entry),
        Way::Soft(Soft::Annotated),
    ],
    write_pause: 200,
    ..SOFT
};

/// The same by tags, events and functions alone.
pub(crate) const SOFT_BY_TAG: Mix = Mix {
    ways: &[
        Way::Soft(Soft::Tag),
        Way::Soft(Soft::ValueTag),
        Way::Soft(Soft::Event),
        Way::Soft(Soft::Regrouped),
        Way::Soft(Soft::Function),
    ],
    ..SOFT
};

const NAMED: &[(&str, Mix)] = &[
    ("usual", USUAL),
    ("by-key", BY_KEY),
    ("by-tag", BY_TAG),
    ("by-value", BY_VALUE),
    ("seldom-read", SELDOM_READ),
    ("calm", CALM),
    ("dropped", DROPPED),
    ("by-hand", BY_HAND),
    ("acknowledged", ACKNOWLEDGED),
    ("ordered", ORDERED),
    ("late", LATE),
    ("unheard", UNHEARD),
    ("regions", REGIONS),
    ("soft", SOFT),
    ("copies", COPIES),
];

/// The mix of this name, with its name.
pub(crate) fn find(name: &str) -> Result<(&'static str, Mix), String> {
    let found = NAMED.iter().find(|(known, _)| *known == name).copied();
    found.ok_or_else(|| {
        let names: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
        format!("--mix {name}: expected one of {}", names.join(", "))
    })
}
