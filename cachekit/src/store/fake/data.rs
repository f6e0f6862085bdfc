//! The data of the fake store: values under names, with expiry.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::encoding::envelope::{Token, Version};
use crate::store::fake::marks::Marks;
use crate::store::key_name::StoreKey;

/// The data set of one fake store.
#[derive(Debug, Default)]
pub(crate) struct Data {
    kept: HashMap<StoreKey, Kept>,
    /// The number of tokens and versions that were made so far, so that no token or version is made
    /// twice.
    made: u64,
    /// The entries whose leases ended, and whose waiters must be woken.
    pub(crate) woken: Vec<StoreKey>,
    pub(crate) marks: Marks,
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    /// The time at which the value expires. `None` if the value never expires.
    end: Option<Instant>,
}

impl Kept {
    fn is_alive(&self) -> bool {
        self.end.is_none_or(|end| Instant::now() < end)
    }
}

impl Data {
    /// Returns the origin, which identifies the data set. As in Redis, the origin is constant for
    /// one data set.
    #[expect(clippy::unused_self, reason = "whose origin it is")]
    pub(crate) fn origin(&self) -> [u8; 8] {
        *b"in tests"
    }

    pub(crate) fn get(&self, name: &StoreKey) -> Option<&[u8]> {
        let kept = self.kept.get(name).filter(|kept| kept.is_alive())?;
        Some(&kept.bytes)
    }

    pub(crate) fn get_mut(&mut self, name: &StoreKey) -> Option<&mut Vec<u8>> {
        let kept = self.kept.get_mut(name).filter(|kept| kept.is_alive())?;
        Some(&mut kept.bytes)
    }

    /// Returns the remaining lifetime of the value under `name`, in whole milliseconds. Returns
    /// zero if no value exists or the value never expires.
    pub(crate) fn left(&self, name: &StoreKey) -> Duration {
        let end = self.kept.get(name).and_then(|kept| kept.end);
        let left = end.map_or(Duration::ZERO, |end| {
            end.saturating_duration_since(Instant::now())
        });
        whole(left)
    }

    /// Stores `bytes` under `name` for the time `life`. With `None`, the value does not expire.
    pub(crate) fn set(&mut self, name: &StoreKey, bytes: Vec<u8>, life: Option<Duration>) {
        let end = life.map(|life| from_now(whole(life)));
        self.kept.insert(name.clone(), Kept { bytes, end });
    }

    /// Sets the remaining lifetime of the value under `name` to `life`.
    pub(crate) fn keep(&mut self, name: &StoreKey, life: Duration) {
        if let Some(kept) = self.kept.get_mut(name).filter(|kept| kept.is_alive()) {
            kept.end = Some(from_now(whole(life)));
        }
    }

    pub(crate) fn remove(&mut self, names: &[StoreKey]) {
        for name in names {
            self.kept.remove(name);
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&StoreKey) -> bool) {
        self.kept.retain(|name, _| keep(name));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &StoreKey> {
        let alive = self.kept.iter().filter(|(_, kept)| kept.is_alive());
        alive.map(|(name, _)| name)
    }

    pub(crate) fn version(&self, name: &StoreKey) -> Option<Version> {
        Version::of(self.get(name)?)
    }

    pub(crate) fn versions(&self, names: &[StoreKey]) -> Vec<Option<Version>> {
        names.iter().map(|name| self.version(name)).collect()
    }

    /// Makes 8 unique bytes, which are half of a token or of a version.
    pub(crate) fn new_half(&mut self) -> [u8; 8] {
        self.made += 1;
        self.made.to_be_bytes()
    }

    /// Makes a unique fencing token.
    pub(crate) fn new_token(&mut self) -> Token {
        let half = self.new_half();
        let mut token = [0; 16];
        // The first half is the token's generation. The second half is the token's own.
        token[..8].copy_from_slice(&half);
        token[8..].copy_from_slice(&half);
        Token(token)
    }

    /// Makes a unique version for a tag, a function or the namespace.
    pub(crate) fn new_version(&mut self) -> Version {
        let unique = self.new_token();
        let mut version = [0; Version::LEN];
        version[..8].copy_from_slice(&self.origin());
        version[8..].copy_from_slice(&unique.0);
        Version(version)
    }
}

fn whole(length: Duration) -> Duration {
    Duration::from_millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}
