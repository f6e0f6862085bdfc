//! Tests of the contract of `MemoryEngine`, run with every engine.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::key::Key;
use crate::l1::engine::{MemoryEngine, Size};
use crate::l1::memory::engine;
use crate::model::config::engine::{Engine, Eviction};
use crate::model::config::{Capacity, Config};
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::freshness::{Freshness, Life};
use crate::model::lineage::EntryLineage;
use crate::model::owner::{Owner, OwnerId};
use crate::model::residence::Residence;

/// Creates every engine of this build, with each of its settings.
fn all(capacity: Capacity) -> Vec<Box<dyn MemoryEngine>> {
    let settings = [
        (Engine::Moka, Some(Eviction::Lru)),
        (Engine::Moka, Some(Eviction::TinyLfu)),
        (Engine::QuickCache, None),
    ];
    let there = settings.iter().filter(|(kind, _)| kind.is_available());
    let made = there.map(|(kind, eviction)| {
        let config = Config {
            engine: *kind,
            eviction: *eviction,
            ..Config::default()
        };
        engine(capacity, &config)
    });
    made.collect()
}

fn key(n: u64) -> Key {
    Key::new(format!("k:{n}").as_bytes())
}

/// Creates an entry with the number `value` as its value.
fn entry(value: u64, weight: u32) -> Arc<MemoryEntry> {
    let now = Tick::from_nanos(0);
    let life = Life::from(Duration::from_secs(60));
    let freshness = Freshness::new(now, life, &EntryOptions::DEFAULT, Duration::ZERO);
    MemoryEntry::new(
        Residence::new(Arc::new(Owner::new(OwnerId::DIRECT, "tests")), weight),
        (now, Duration::ZERO, SequenceNumber::default()),
        (Epochs::from_iter([]), EntryLineage::NotAsked),
        (Tick::NEVER, freshness, None),
        true,
        (Arc::new(Some(value)), true, None),
    )
}

fn value(engine: &dyn MemoryEngine, n: u64) -> Option<u64> {
    let entry = engine.get(key(n).as_bytes())?;
    *entry.shared().downcast_ref().expect("a number")
}

#[test]
fn what_is_put_is_found_until_it_is_replaced_or_removed() {
    for engine in all(Capacity::entries(1_000)) {
        let engine = &*engine;
        assert_eq!(value(engine, 1), None, "{engine:?}");
        engine.insert(&key(1), entry(10, 1));
        engine.insert(&key(2), entry(20, 1));
        assert_eq!(value(engine, 1), Some(10), "{engine:?}");
        engine.insert(&key(1), entry(11, 1));
        assert_eq!(value(engine, 1), Some(11), "{engine:?}");
        engine.remove(key(1).as_bytes());
        engine.remove(key(3).as_bytes());
        assert_eq!(value(engine, 1), None, "{engine:?}");
        assert_eq!(value(engine, 2), Some(20), "{engine:?}");
    }
}

#[test]
fn after_clear_nothing_is_there_and_it_goes_on() {
    for engine in all(Capacity::entries(10_000)) {
        for n in 0..2_000 {
            engine.insert(&key(n), entry(n, 1));
        }
        engine.clear();
        assert!(
            (0..2_000).all(|n| value(&*engine, n).is_none()),
            "{engine:?}"
        );
        engine.insert(&key(7), entry(8, 1));
        assert_eq!(value(&*engine, 7), Some(8), "{engine:?}");
        assert_eq!(engine.size().entries, 1, "{engine:?}");
    }
}

#[test]
fn never_more_entries_than_there_is_room_for() {
    // The capacities include numbers that no number of shards divides.
    for room in [1, 2, 33, 1_000, 4_099] {
        for engine in all(Capacity::entries(room)) {
            for n in 0..5 * room {
                engine.insert(&key(n), entry(n, 1));
                engine.get(key(n / 2).as_bytes());
            }
            let held = engine.size().entries;
            assert!(held <= room, "{engine:?}: {held} of {room}");
            // The capacity is rounded down to a multiple of the shards, which loses at most one
            // entry in fifty.
            assert!(held >= room - room / 50, "{engine:?}: {held} of {room}");
        }
    }
}

#[test]
fn never_more_bytes_than_there_is_room_for() {
    const ROOM: u64 = 100_000;
    for engine in all(Capacity::bytes(ROOM)) {
        for n in 0..2_000 {
            let weight = 100 + u32::try_from(n % 7).expect("small") * 300;
            engine.insert(&key(n), entry(n, weight));
        }
        let Size { entries, bytes } = engine.size();
        assert!(bytes <= ROOM, "{engine:?}: {bytes}");
        assert!(bytes > ROOM / 2 && entries > 50, "{engine:?}: {bytes}");
    }
}

#[test]
fn one_larger_than_all_is_not_kept_nor_what_it_replaces() {
    for engine in all(Capacity::bytes(10_000)) {
        engine.insert(&key(1), entry(1, 100));
        engine.insert(&key(2), entry(2, 100));
        engine.insert(&key(3), entry(3, 10_001));
        let both = Size {
            entries: 2,
            bytes: 200,
        };
        // moka evicts in its pending tasks, which `size` runs.
        assert_eq!(engine.size(), both, "{engine:?}");
        assert_eq!(value(&*engine, 3), None, "{engine:?}");
        // To make room for an entry that does not fit, moka may evict any other entry.
        engine.insert(&key(1), entry(9, 10_001));
        assert!(engine.size().bytes <= 100, "{engine:?}");
        assert_eq!(value(&*engine, 1), None, "{engine:?}");
    }
}

#[test]
fn an_entry_may_take_nearly_all() {
    for engine in all(Capacity::bytes(30 << 20)) {
        let large = (30 << 20) / 100 * 95;
        engine.insert(&key(1), entry(1, large));
        assert_eq!(engine.size().bytes, u64::from(large), "{engine:?}");
    }
}

#[test]
fn sizes_are_exact() {
    for engine in all(Capacity::bytes(1 << 20)) {
        for n in 0..100 {
            engine.insert(&key(n), entry(n, 200));
        }
        engine.insert(&key(3), entry(0, 500));
        engine.remove(key(4).as_bytes());
        let exact = Size {
            entries: 99,
            bytes: 98 * 200 + 500,
        };
        assert_eq!(engine.size(), exact, "{engine:?}");
    }
    for engine in all(Capacity::entries(1_000)) {
        engine.insert(&key(1), entry(1, 200));
        let exact = Size {
            entries: 1,
            bytes: 0,
        };
        assert_eq!(engine.size(), exact, "nothing is weighed: {engine:?}");
    }
}

/// Threads write, remove and read the same keys, of which not all fit into the engine. Every value
/// that is found under a key was written under this key.
#[test]
fn in_use_by_several_threads() {
    const KEYS: u64 = 2_000;
    for engine in all(Capacity::entries(1_000)) {
        thread::scope(|scope| {
            for thread in 0..4_u64 {
                let engine = &*engine;
                scope.spawn(move || {
                    for turn in 0..4_000 {
                        let n = (turn * 7 + thread) % KEYS;
                        if turn % 16 == 0 {
                            engine.remove(key(n).as_bytes());
                        } else {
                            engine.insert(&key(n), entry(n, 1));
                        }
                        let other = (turn * 31) % KEYS;
                        let found = value(engine, other);
                        assert!(found.is_none_or(|found| found == other), "{engine:?}");
                    }
                });
            }
        });
        assert!(engine.size().entries <= 1_000, "{engine:?}");
        engine.clear();
        assert_eq!(engine.size().entries, 0, "{engine:?}");
    }
}

#[test]
fn the_engine_is_the_one_that_was_asked_for() {
    let shown: Vec<String> = all(Capacity::entries(10))
        .iter()
        .map(|engine| format!("{engine:?}"))
        .collect();
    assert!(shown[0].starts_with("Moka"), "{shown:?}");
    if Engine::QuickCache.is_available() {
        assert!(shown[2].starts_with("QuickCache"), "{shown:?}");
    }
}
