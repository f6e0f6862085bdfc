//! Keys whose last response was not to be stored ("hit for miss").
//!
//! Requests for such a key do not wait for one another: each would wait for a response that it
//! cannot share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

/// Number of keys that are remembered at once.
const PLACES: usize = 4_096;

/// A table of keys with the time until which requests for them do not wait for one another.
///
/// The table has a fixed size. If a key takes the place of another key, the next requests for the
/// other key wait once more. This has no other effect.
pub(crate) struct HitForMiss {
    /// The upper half of each place is the upper half of a key's hash, the lower half the time in
    /// seconds of the cache's clock.
    places: Box<[AtomicU64]>,
}

impl HitForMiss {
    pub(crate) fn new() -> Self {
        Self {
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Remembers `key` for `length`, from `now` on. Does nothing if `length` is zero.
    pub(crate) fn mark(&self, key: &[u8], now: Duration, length: Duration) {
        if length.is_zero() {
            return;
        }
        // Rounded up, so that a length below one second has an effect.
        let until = now.saturating_add(length).as_secs().saturating_add(1);
        let (place, hash) = self.place(key);
        place.store(hash | until.min(u64::from(u32::MAX)), Ordering::Relaxed);
    }

    /// Forgets `key`, whose response was stored after all.
    pub(crate) fn unmark(&self, key: &[u8]) {
        let (place, hash) = self.place(key);
        let marked = place.load(Ordering::Relaxed);
        if of_key(marked) == hash {
            let _ = place.compare_exchange(marked, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Returns `true` if requests for `key` do not wait for one another at `now`.
    pub(crate) fn is_marked(&self, key: &[u8], now: Duration) -> bool {
        let (place, hash) = self.place(key);
        let marked = place.load(Ordering::Relaxed);
        of_key(marked) == hash && now.as_secs() < marked & u64::from(u32::MAX)
    }

    fn place(&self, key: &[u8]) -> (&AtomicU64, u64) {
        let hash = xxh3_64(key);
        let index = usize::try_from(hash % PLACES as u64).unwrap_or(0);
        (&self.places[index], of_key(hash))
    }
}

fn of_key(hash: u64) -> u64 {
    hash & !u64::from(u32::MAX)
}

impl std::fmt::Debug for HitForMiss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HitForMiss")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_remembered_for_its_time_only() {
        let marks = HitForMiss::new();
        let at = Duration::from_secs;
        assert!(!marks.is_marked(b"a", at(100)));
        marks.mark(b"a", at(100), at(10));
        assert!(marks.is_marked(b"a", at(109)) && !marks.is_marked(b"b", at(109)));
        assert!(!marks.is_marked(b"a", at(111)));
        marks.mark(b"a", at(200), at(0));
        assert!(!marks.is_marked(b"a", at(200)));
        marks.mark(b"a", at(200), at(10));
        marks.unmark(b"a");
        assert!(!marks.is_marked(b"a", at(200)));
    }
}
