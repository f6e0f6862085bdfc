//! Keys whose entries were removed by an invalidation, so that the next miss of such a key can name
//! its cause.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Largest number of remembered keys. If more keys are removed, a key takes the place of another
/// key, whose next miss then counts as the miss of an absent entry.
const PLACES: usize = 1 << 12;

/// Hashes of the keys whose entries were removed most recently, each at a place that the hash
/// chooses.
///
/// Nothing but the cause of a miss in the statistics depends on this table. The table is made at
/// the first removal. A miss before the first removal reads only a pointer.
#[derive(Default)]
pub(crate) struct RemovedKeys {
    hasher: foldhash::quality::RandomState,
    places: OnceLock<Box<[AtomicU64]>>,
}

impl RemovedKeys {
    /// Records that an invalidation removes the entry under `key`.
    pub(crate) fn add(&self, key: &[u8]) {
        let make = || (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        let places = self.places.get_or_init(make);
        let hash = self.hasher.hash_one(key);
        place(places, hash).store(hash, Ordering::Relaxed);
    }

    /// Forgets the removal of the entry under `key`. Returns `true` if the removal was recorded.
    pub(crate) fn forget(&self, key: &[u8]) -> bool {
        let Some(places) = self.places.get() else {
            return false;
        };
        let hash = self.hasher.hash_one(key);
        let place = place(places, hash);
        let is_removed = place.load(Ordering::Relaxed) == hash;
        if is_removed {
            place.store(0, Ordering::Relaxed);
        }
        is_removed
    }
}

fn place(places: &[AtomicU64], hash: u64) -> &AtomicU64 {
    let index = usize::try_from(hash % PLACES as u64).unwrap_or_default();
    &places[index]
}

impl fmt::Debug for RemovedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemovedKeys").finish_non_exhaustive()
    }
}
