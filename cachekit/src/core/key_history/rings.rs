//! Rings with the last events: of all entries, of names, and of the keys that somebody asked for.

use std::collections::VecDeque;

use crate::key::Key;
use crate::model::key_event::{KeyEvent, PastEvent};
use crate::model::seen_invalidation::SeenTarget;

/// Number of events that are kept, of all entries together.
const OF_ENTRIES: usize = 1 << 13;
/// Number of invalidations of tags, events, functions and the whole cache that are kept.
const OF_NAMES: usize = 1 << 10;
/// Number of keys that have a ring of their own: those that were asked for last.
const WATCHED: usize = 16;
/// Number of events that are kept of a key with a ring of its own.
const OF_WATCHED: usize = 128;

/// The last events. Under load the ring of all entries covers seconds only, so a key has a ring of
/// its own once somebody has asked for its events.
#[derive(Default)]
pub(crate) struct Rings {
    entries: VecDeque<(Key, PastEvent)>,
    names: VecDeque<PastEvent>,
    watched: VecDeque<(Key, VecDeque<PastEvent>)>,
}

impl Rings {
    pub(crate) fn add_of_entry(&mut self, key: &Key, event: PastEvent) {
        let mut watched = self.watched.iter_mut();
        if let Some((_, events)) = watched.find(|(watched, _)| watched == key) {
            // Many calls may meet one outdated entry, and would leave no room for other events.
            let is_repeated = matches!(event.event, KeyEvent::Outdated(_))
                && events.back().is_some_and(|last| last.event == event.event);
            if !is_repeated {
                push(events, event.clone(), OF_WATCHED);
            }
        }
        // Also of a key with a ring of its own, which it may lose to another key.
        push(&mut self.entries, (key.clone(), event), OF_ENTRIES);
    }

    pub(crate) fn add_of_name(&mut self, event: PastEvent) {
        push(&mut self.names, event, OF_NAMES);
    }

    /// Returns the events of `key`, and of the names for which `depends` returns `true`, from the
    /// oldest to the newest. Gives the key a ring of its own, in place of the key that was asked for
    /// the longest time ago.
    pub(crate) fn of_key(
        &mut self,
        key: &Key,
        depends: impl Fn(&SeenTarget) -> bool,
    ) -> Vec<PastEvent> {
        let events = self.watch(key);
        let is_of_dependency = |it: &&PastEvent| match &it.event {
            KeyEvent::Invalidated { name, .. } => depends(name),
            _ => false,
        };
        let of_names = self.names.iter().filter(is_of_dependency).cloned();
        let mut all: Vec<PastEvent> = events.into_iter().chain(of_names).collect();
        all.sort_by_key(|event| event.at);
        all
    }

    /// Returns the events of `key`, and makes its ring the last that is given to another key.
    fn watch(&mut self, key: &Key) -> Vec<PastEvent> {
        let at = self.watched.iter().position(|(watched, _)| watched == key);
        let own = at.and_then(|at| self.watched.remove(at));
        let events = own.map_or_else(|| self.events_of(key), |(_, events)| events);
        let list = events.iter().cloned().collect();
        push(&mut self.watched, (key.clone(), events), WATCHED);
        list
    }

    /// Returns the events of `key` in the ring of all entries.
    fn events_of(&self, key: &Key) -> VecDeque<PastEvent> {
        let of_key = self.entries.iter().filter(|(of, _)| of == key);
        let newest = of_key.rev().take(OF_WATCHED);
        let mut events: VecDeque<PastEvent> = newest.map(|(_, event)| event.clone()).collect();
        events.make_contiguous().reverse();
        events
    }
}

/// Adds `item` to `ring`, which has at most `most` items.
fn push<T>(ring: &mut VecDeque<T>, item: T, most: usize) {
    if ring.len() == most {
        ring.pop_front();
    }
    ring.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Tick;
    use crate::model::inspection::DependencyKind;
    use crate::model::invalidation_mode::InvalidationMode;

    fn event(at: usize) -> PastEvent {
        PastEvent {
            at: Tick::from_nanos(at as u64),
            owner: None,
            event: KeyEvent::Computes,
        }
    }

    fn key(number: usize) -> Key {
        Key::new(format!("k:{number}").as_bytes())
    }

    fn times(events: &[PastEvent]) -> Vec<u64> {
        events.iter().map(|event| event.at.nanos()).collect()
    }

    #[test]
    fn the_rings_do_not_grow_beyond_their_bounds() {
        let mut rings = Rings::default();
        for at in 0..2 * OF_ENTRIES {
            rings.add_of_entry(&key(at), event(at));
            rings.add_of_name(event(at));
        }
        for number in 0..2 * WATCHED {
            rings.of_key(&key(number), |_| false);
        }
        let last = key(2 * WATCHED - 1);
        for at in 0..2 * OF_WATCHED {
            rings.add_of_entry(&last, event(at));
        }
        assert_eq!(rings.entries.len(), OF_ENTRIES);
        assert_eq!(rings.names.len(), OF_NAMES);
        assert_eq!(rings.watched.len(), WATCHED);
        assert_eq!(rings.of_key(&last, |_| true).len(), OF_WATCHED);
    }

    #[test]
    fn a_key_that_was_asked_for_keeps_its_events_while_others_come() {
        let mut rings = Rings::default();
        rings.add_of_entry(&key(1), event(1));
        rings.add_of_entry(&key(1), event(2));
        assert_eq!(times(&rings.of_key(&key(1), |_| true)), [1, 2]);
        for at in 3..2 * OF_ENTRIES {
            rings.add_of_entry(&key(2), event(at));
        }
        rings.add_of_entry(&key(1), event(2 * OF_ENTRIES));
        let kept = [1, 2, 2 * OF_ENTRIES as u64];
        assert_eq!(times(&rings.of_key(&key(1), |_| true)), kept);
        assert_eq!(times(&rings.of_key(&key(3), |_| true)), [0; 0]);
    }

    #[test]
    fn a_key_that_lost_its_ring_has_its_later_events() {
        let mut rings = Rings::default();
        rings.add_of_entry(&key(1), event(1));
        rings.of_key(&key(1), |_| true);
        rings.add_of_entry(&key(1), event(2));
        for number in 2..2 + WATCHED {
            rings.of_key(&key(number), |_| true);
        }
        assert_eq!(times(&rings.of_key(&key(1), |_| true)), [1, 2]);
    }

    #[test]
    fn calls_that_meet_one_outdated_entry_are_one_event_of_a_watched_key() {
        let mut rings = Rings::default();
        let outdated = |at| PastEvent {
            event: KeyEvent::Outdated(SeenTarget {
                kind: DependencyKind::Tag,
                name: "a".to_owned(),
            }),
            ..event(at)
        };
        rings.of_key(&key(1), |_| true);
        rings.add_of_entry(&key(1), event(1));
        for at in 2..2 * OF_WATCHED {
            rings.add_of_entry(&key(1), outdated(at));
        }
        assert_eq!(times(&rings.of_key(&key(1), |_| true)), [1, 2]);
    }

    #[test]
    fn invalidations_of_dependencies_are_among_the_events_in_their_order() {
        let mut rings = Rings::default();
        let invalidated = |at, text: &str| PastEvent {
            event: KeyEvent::Invalidated {
                name: SeenTarget {
                    kind: DependencyKind::Tag,
                    name: text.to_owned(),
                },
                mode: InvalidationMode::Hard,
                is_heard: false,
            },
            ..event(at)
        };
        rings.add_of_entry(&key(1), event(1));
        rings.add_of_name(invalidated(2, "a"));
        rings.add_of_name(invalidated(3, "b"));
        rings.add_of_entry(&key(1), event(4));
        assert_eq!(
            times(&rings.of_key(&key(1), |it| it.name == "b")),
            [1, 3, 4]
        );
    }
}
