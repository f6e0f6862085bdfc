//! The names whose invalidation the store accepted recently.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::l2::outbox_file::MAX_NAMES;
use crate::store::key_name::StoreKey;

/// The time for which an accepted removal is remembered, to be sent again to a server that comes
/// back.
const RECENT: Duration = Duration::from_secs(60);

/// Names whose invalidation the store accepted recently, bounded in time and number.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    accepted: VecDeque<(Instant, Vec<StoreKey>)>,
    /// The number of names in all batches of `accepted`.
    count: usize,
}

impl Recent {
    /// Forgets the names that were accepted more than [`RECENT`] before `now`.
    pub(crate) fn retain_from(&mut self, now: Instant) {
        let is_over = |(at, _): &(Instant, Vec<StoreKey>)| now.duration_since(*at) > RECENT;
        while self.accepted.front().is_some_and(is_over) {
            let (_, names) = self.accepted.pop_front().unwrap_or((now, Vec::new()));
            self.count -= names.len();
        }
    }

    /// Adds `names`, which the store accepted at `now`.
    pub(crate) fn add(&mut self, now: Instant, mut names: Vec<StoreKey>) {
        if self.count + names.len() > MAX_NAMES {
            // All names are replaced, because the oldest would be lost if only they were dropped.
            self.accepted.clear();
            self.count = 0;
            names = vec![StoreKey::everything()];
        }
        self.count += names.len();
        self.accepted.push_back((now, names));
    }

    pub(crate) fn names(&self) -> Vec<StoreKey> {
        self.accepted
            .iter()
            .flat_map(|(_, names)| names.iter().cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> StoreKey {
        StoreKey::read(text.as_bytes())
    }

    #[test]
    fn many_recent_ones_become_one_clear_and_none_is_left_out() {
        let mut recent = Recent::default();
        let start = Instant::now();
        let three = |n: usize| (0..3).map(|k| name(&format!("k:{n}:{k}"))).collect();
        for n in 0..MAX_NAMES / 3 {
            recent.add(start, three(n));
        }
        assert_eq!(recent.names().len(), MAX_NAMES / 3 * 3);
        let later = start + RECENT / 2;
        recent.add(later, three(0));
        assert_eq!(recent.names(), [StoreKey::everything()]);
        for n in 0..10 {
            recent.add(later, three(n));
        }
        assert_eq!(recent.names().len(), 31);
        recent.retain_from(start + RECENT + Duration::from_secs(1));
        assert_eq!((recent.names().len(), recent.count), (31, 31));
        recent.retain_from(later + RECENT + Duration::from_secs(1));
        assert_eq!((recent.names().len(), recent.count), (0, 0));
        recent.add(
            later,
            (0..=MAX_NAMES).map(|n| name(&n.to_string())).collect(),
        );
        assert_eq!(recent.names(), [StoreKey::everything()]);
    }
}
