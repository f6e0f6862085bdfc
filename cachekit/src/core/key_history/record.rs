//! Records of the events that a cache reports to its history.

use crate::base::clock::Tick;
use crate::core::entry_event::EntryEvent;
use crate::core::state::Core;
use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::entry::MemoryEntry;
use crate::model::epoch::{Epoch, EpochKind};
use crate::model::inspection::DependencyKind;
use crate::model::key_event::{KeyEvent, PastEvent};
use crate::model::miss_cause::MissCause;
use crate::model::owner::{Owner, OwnerId};
use crate::model::seen_invalidation::SeenTarget;
use crate::model::tags::Label;

impl Core {
    /// Records `event` of the entry of `owner` under `key`.
    pub(crate) fn note_entry_event(&self, event: EntryEvent, owner: &Owner, key: &Key) {
        let event = match event {
            EntryEvent::Computes => KeyEvent::Computes,
            EntryEvent::Stores => KeyEvent::Stores,
            EntryEvent::Refuses => KeyEvent::Refuses,
        };
        self.note(Some(owner.id), key, || event);
    }

    /// Records a miss of a call of `owner` for `key`, which had to compute or found nothing.
    pub(crate) fn note_miss(&self, cause: MissCause, owner: &Owner, key: &Key) {
        if self.key_history.is_recording() {
            let now = Tick::now(&*self.clock);
            self.key_history.count_miss(owner.id, key, now);
            self.note(Some(owner.id), key, || KeyEvent::Misses(cause));
        }
    }

    /// Records that a call found `stored`, which memory has under `key`, and that an invalidation
    /// had made this entry unusable. Records nothing if the entry was not invalidated by a name.
    pub(crate) fn note_outdated(&self, stored: &MemoryEntry, key: &[u8]) {
        if !self.key_history.is_recording() {
            return;
        }
        let moved = stored.epochs.moved_since(stored.began);
        if let Some(name) = moved.and_then(|epoch| name_of(epoch, &stored.owner)) {
            let event = || KeyEvent::Outdated(name);
            self.note(Some(stored.owner.id), &Key::new(key), event);
        }
    }

    /// Records an invalidation of `targets`, which this process was told of if `is_heard`.
    pub(crate) fn note_invalidation(&self, targets: &InvalidationTargets, is_heard: bool) {
        if !self.key_history.is_recording() {
            return;
        }
        let event = |name| KeyEvent::Invalidated {
            name,
            mode: targets.mode,
            is_heard,
        };
        for key in &targets.keys {
            self.note(None, key, || event(entry_name(key)));
        }
        let at = Tick::now(&*self.clock);
        for name in names_of(targets) {
            let event = PastEvent {
                at,
                owner: None,
                event: event(name.clone()),
            };
            self.key_history.add_of_name(&name, event);
        }
    }

    fn note(&self, owner: Option<OwnerId>, key: &Key, event: impl FnOnce() -> KeyEvent) {
        if self.key_history.is_recording() {
            let at = Tick::now(&*self.clock);
            let event = event();
            self.key_history.add(key, PastEvent { at, owner, event });
        }
    }
}

fn entry_name(key: &Key) -> SeenTarget {
    SeenTarget {
        kind: DependencyKind::Entry,
        name: String::from_utf8_lossy(key.as_bytes()).into_owned(),
    }
}

/// Returns the names of `targets` that are no keys.
fn names_of(targets: &InvalidationTargets) -> Vec<SeenTarget> {
    let tags = targets.tags.iter().map(|tag| kind_and_text(tag.label()));
    let functions = targets.functions.iter();
    let functions = functions.map(|name| (DependencyKind::Function, &**name));
    let everything = targets
        .everything
        .then_some((DependencyKind::Namespace, ""));
    let all = tags.chain(functions).chain(everything);
    let target = |(kind, name): (_, &str)| SeenTarget {
        kind,
        name: name.to_owned(),
    };
    all.map(target).collect()
}

fn kind_and_text(label: Label<'_>) -> (DependencyKind, &str) {
    match label {
        Label::Event(event) => (DependencyKind::Event, event),
        Label::Tag(tag) => (DependencyKind::Tag, tag),
    }
}

/// Returns the name that `epoch`, on which an entry of `owner` depends, stands for. Returns `None`
/// for the epoch of the messages that this process may have missed.
pub(crate) fn name_of(epoch: &Epoch, owner: &Owner) -> Option<SeenTarget> {
    let name = String::from_utf8_lossy(epoch.name());
    let (kind, name) = match epoch.kind() {
        EpochKind::Owner => (DependencyKind::Function, &*owner.name),
        EpochKind::Cache => (DependencyKind::Namespace, ""),
        EpochKind::Source => (DependencyKind::Entry, &*name),
        EpochKind::Label => kind_and_text(Label::read(epoch.name())?),
        EpochKind::Bus => return None,
    };
    Some(SeenTarget {
        kind,
        name: name.to_owned(),
    })
}
