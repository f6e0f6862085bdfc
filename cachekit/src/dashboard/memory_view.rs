//! The entries that this process has in memory under one key, without their values.

use serde::Serialize;

use crate::base::clock::Tick;
use crate::core::key_history::record::name_of;
use crate::core::state::Core;
use crate::key::Key;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::Epoch;
use crate::model::inspection::{Dependency, DependencyState};

/// An entry in memory. Lengths of time are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct MemoryView {
    function: String,
    state: EntryState,
    content: &'static str,
    age: f64,
    /// Time for which the entry is still fresh.
    fresh_for: f64,
    /// Bytes of the entry, if the capacity is in bytes.
    bytes: Option<u32>,
    /// `true` if Redis has no copy, because the function's entries are in memory only.
    is_local: bool,
    pub(crate) dependencies: Vec<Dependency>,
}

/// State of an entry for a call that comes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum EntryState {
    /// A call is answered with the entry.
    Fresh,
    /// The life of the entry is over; an option may allow it as a stale value.
    Expired,
    /// An invalidation made the entry unusable, or only a stale value.
    Invalidated,
    /// This process may have missed invalidations of others, so the entry is not trusted.
    Unconfirmed,
}

/// Returns the entries under `key`: at most one in each memory of the cache. Looking for them counts
/// as a use of the key by the engine.
pub(crate) fn in_memory(core: &Core, key: &Key) -> Vec<MemoryView> {
    let now = Tick::now(&*core.clock);
    let entries = core
        .memories()
        .filter_map(|memory| memory.get(key.as_bytes()));
    entries.map(|entry| view(core, &entry, now)).collect()
}

fn view(core: &Core, entry: &MemoryEntry, now: Tick) -> MemoryView {
    let content = match entry.cached_error() {
        Some(_) => "error",
        None if entry.is_present => "value",
        None => "none",
    };
    let end = entry.freshness_now().end.min(entry.deadline);
    MemoryView {
        function: entry.owner.name.to_string(),
        state: state(core, entry, now),
        content,
        age: entry.age(now).as_secs_f64(),
        fresh_for: end.since(now).as_secs_f64(),
        bytes: core.weighs().then(|| entry.owner.weight()),
        is_local: entry.local,
        dependencies: entry
            .epochs
            .iter()
            .filter_map(|epoch| dependency(entry, epoch))
            .collect(),
    }
}

fn state(core: &Core, entry: &MemoryEntry, now: Tick) -> EntryState {
    if entry.may_serve(entry.owner.id, now) {
        return if core.is_confirmed(entry, now) {
            EntryState::Fresh
        } else {
            EntryState::Unconfirmed
        };
    }
    if entry.is_valid() {
        EntryState::Expired
    } else {
        EntryState::Invalidated
    }
}

/// Returns the name that `epoch` stands for, with its state. Returns `None` for the messages of other
/// processes, which have no name.
fn dependency(entry: &MemoryEntry, epoch: &Epoch) -> Option<Dependency> {
    let name = name_of(epoch, &entry.owner)?;
    let state = if epoch.last_hard() > entry.began {
        DependencyState::Invalidated
    } else if epoch.last() > entry.began {
        DependencyState::SoftInvalidated
    } else {
        DependencyState::Current
    };
    Some(Dependency {
        kind: name.kind,
        name: name.name,
        state,
    })
}
