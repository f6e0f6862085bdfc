//! Mixes of functions that call one another.

use super::{Mix, USUAL};
use crate::cells::Kind;
use crate::parent::Disruption;
use crate::write_kind::{SoftKind, WriteKind};

/// Functions that call one another, in two and three levels.
pub(crate) const NESTED: Mix = Mix {
    kinds: &[
        Kind::Nested,
        Kind::NestedNear,
        Kind::NestedStale,
        Kind::NestedAlone,
    ],
    write_kinds: &[
        WriteKind::Annotated,
        WriteKind::Annotated,
        WriteKind::Annotated,
        WriteKind::Key,
        WriteKind::Entry,
        WriteKind::Tag,
        WriteKind::ValueTag,
        WriteKind::Event,
        WriteKind::Function,
        WriteKind::Through,
        WriteKind::Through,
        WriteKind::AckedKey,
        WriteKind::AckedTag,
        WriteKind::AckedValueTag,
        WriteKind::Soft(SoftKind::Key),
        WriteKind::Soft(SoftKind::Entry),
        WriteKind::Soft(SoftKind::Tag),
        WriteKind::Soft(SoftKind::Event),
        WriteKind::Soft(SoftKind::Annotated),
        WriteKind::Soft(SoftKind::AckedKey),
    ],
    writers: 2,
    write_pause: 300,
    first_reads: true,
    ..USUAL
};

/// Writes of innermost entries by value.
pub(crate) const NESTED_WRITES: Mix = Mix {
    kinds: &[Kind::Nested],
    write_kinds: &[WriteKind::Through],
    first_reads: false,
    ..NESTED
};

/// Innermost entries by name alone, one at a time.
pub(crate) const NESTED_BY_KEY: Mix = Mix {
    kinds: &[Kind::NestedNear],
    write_kinds: &[WriteKind::Key, WriteKind::Entry],
    ..NESTED_WRITES
};

/// Innermost values that have no entry where two callers meet.
pub(crate) const NESTED_ALONE: Mix = Mix {
    kinds: &[Kind::NestedAlone],
    write_kinds: &[WriteKind::Key, WriteKind::Entry, WriteKind::Tag],
    ..NESTED_WRITES
};

/// Rows whose names change, and nothing else.
pub(crate) const NESTED_FIRST: Mix = Mix {
    readers: 0,
    writers: 0,
    first_reads: true,
    ..NESTED_WRITES
};

/// Writes that nobody is told of: what is from before ends with its life, which levels do not add
/// up. Nothing that keeps commands on their way for long belongs here: they store for a time from
/// when they arrive.
pub(crate) const NESTED_LIVES: Mix = Mix {
    kinds: &[Kind::NestedBrief],
    write_kinds: &[WriteKind::Unsaid],
    writers: 1,
    write_pause: 600,
    slow: 0,
    only: &[
        Disruption::DelEntry,
        Disruption::DelVersion,
        Disruption::KillPubsub,
        Disruption::KillNormal,
        Disruption::FlushAll,
    ],
    ..NESTED_WRITES
};
