//! Numbers for what a key can belong to, so that a hit compares one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::owner::OwnerId;
use crate::sync::Mutex;

/// One owner's entries in one memory. No two in a process have the same, but those that came
/// when no number was left: see [`NOWHERE`](Place::NOWHERE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) u16);

impl Place {
    /// For whoever came when no number was left: tests may make thousands of caches.
    pub(crate) const NOWHERE: Self = Self(u16::MAX);

    #[inline]
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The places of one memory.
#[derive(Debug)]
pub(crate) struct Places {
    /// Tells the memory from every other in this process; never zero.
    id: u32,
    places: Mutex<HashMap<OwnerId, Place>>,
}

impl Places {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            places: Mutex::default(),
        }
    }

    #[cold]
    pub(crate) fn of(&self, owner: OwnerId) -> Place {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut places = self.places.lock();
        *places.entry(owner).or_insert_with(|| {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            u16::try_from(next).map_or(Place::NOWHERE, Place)
        })
    }
}

/// A place that was looked up, for an owner that nearly always asks in the same memory.
#[derive(Debug)]
pub(crate) struct LastPlace(AtomicU64);

impl LastPlace {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(crate) fn get(&self, owner: OwnerId, places: &Places) -> Place {
        let [low, high, _, _, memory @ ..] = self.0.load(Ordering::Relaxed).to_le_bytes();
        if u32::from_le_bytes(memory) == places.id {
            return Place(u16::from_le_bytes([low, high]));
        }
        let place = places.of(owner);
        let now = u64::from(places.id) << 32 | u64::from(place.0);
        self.0.store(now, Ordering::Relaxed);
        place
    }
}
