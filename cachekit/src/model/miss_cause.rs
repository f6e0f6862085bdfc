//! Causes of misses: the reasons for which calls found no fresh value in any tier.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::base::sync::RwLock;

/// Largest number of families of tags whose misses are counted apart, for each function.
const FAMILIES: usize = 16;

/// Cause of a call's miss. A cause is the index of its counter, so that counting costs one
/// addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MissCause(u8);

/// Defines, from one list of the causes, the constants of [`MissCause`] and the fields of
/// [`MissStats`].
macro_rules! causes {
    ($($(#[$doc:meta])* $constant:ident $field:ident,)*) => {
        #[expect(non_camel_case_types, reason = "the names of the fields")]
        enum Number {
            $($field,)*
        }

        impl MissCause {
            $($(#[$doc])* pub(crate) const $constant: Self = Self(Number::$field as u8);)*

            /// Names of the causes before those for families of tags.
            const NAMES: &[&str] = &[$(stringify!($field)),*];
            /// Number of causes before those for families of tags.
            const FIXED: usize = [$(Number::$field),*].len();
            /// Number of all causes.
            const COUNT: usize = Self::FIXED + FAMILIES;
        }

        /// Calls that had to compute, that found nothing, or that got a queued value, because no tier
        /// had a fresh value, counted by the cause.
        ///
        /// Misses that another call's computation, a stale value or Redis answered are not counted
        /// here. A cause combines the knowledge of memory and Redis: if one of them has nothing
        /// left of the entry, the other may still know the cause.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(default)
        )]
        #[non_exhaustive]
        pub struct MissStats {
            $($(#[$doc])* pub $field: u64,)*
            /// A tag of the entry was invalidated, by the family of the tag: the literal start of
            /// the template in the attribute, such as `category:`. A tag that no template made
            /// belongs to the family that ends with its first colon. At most 16 families of each
            /// function are counted apart.
            pub tags: BTreeMap<String, u64>,
        }

        impl MissStats {
            /// Names of the causes that [`fixed`](Self::fixed) returns.
            #[cfg(any(feature = "dashboard", feature = "metrics"))]
            pub(crate) const NAMES: [&str; MissCause::FIXED] = [$(stringify!($field)),*];

            /// Returns the number of misses of each cause but the families of tags.
            pub(crate) fn fixed(&self) -> [u64; MissCause::FIXED] {
                [$(self.$field),*]
            }

            fn fixed_mut(&mut self) -> [&mut u64; MissCause::FIXED] {
                [$(&mut self.$field),*]
            }
        }
    };
}

causes! {
    /// No tier had an entry: the entry was never stored, it was evicted, or it expired or was
    /// invalidated so long ago that nothing is left of it.
    ABSENT absent,
    /// The life of the entry was over (`ttl`, `memory_ttl`, `idle`).
    EXPIRED expired,
    /// The entry's key was invalidated.
    KEY key,
    /// An event of the entry was emitted.
    EVENT event,
    /// All entries of the function or region were invalidated.
    FUNCTION function,
    /// The whole cache was cleared.
    CLEARED cleared,
    /// An entry that the entry was computed from was invalidated (`docs/nested.md`).
    SOURCE source,
    /// The entry was stored for another type, by another function, with another codec or another
    /// format, or was damaged. [`RedisMisses`](crate::RedisMisses) has the details.
    CHANGED changed,
    /// This process may have missed invalidations, so the entry in memory was not trusted, and
    /// Redis did not confirm the entry.
    UNCONFIRMED unconfirmed,
    /// Memory had no entry, and Redis could not be asked.
    UNREACHABLE unreachable,
    /// The call computed, even if a tier had a fresh value (`refresh`).
    FORCED forced,
    /// No tier had an entry, and a write-behind function had queued its value, which the call got.
    /// The function did not run.
    QUEUED queued,
    /// Any other cause, for example a data set of Redis that was exchanged.
    OTHER other,
    /// A tag of the entry was invalidated, and the tag's family is not in [`tags`](Self::tags),
    /// because the function has too many families, or the tag has neither a template nor a colon.
    OTHER_TAG other_tags,
}

impl MissCause {
    /// Returns the cause for a call whose cause in memory is `self`, and whose cause in Redis is
    /// `in_redis`. If memory knows the cause, this cause is returned instead of "absent from
    /// Redis".
    pub(crate) fn in_redis(self, in_redis: Self) -> Self {
        let memory_knows = self != Self::UNCONFIRMED && self != Self::CHANGED;
        if in_redis == Self::ABSENT && memory_knows {
            self
        } else {
            in_redis
        }
    }

    /// Returns the name of the cause, which is that of its field in [`MissStats`].
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES
            .get(usize::from(self.0))
            .copied()
            .unwrap_or("tags")
    }

    /// Returns the cause for a call whose cause in memory is `self`, and that could not ask Redis.
    pub(crate) fn without_redis(self) -> Self {
        if self == Self::ABSENT {
            Self::UNREACHABLE
        } else {
            self
        }
    }
}

/// Cause of a call's miss that is not final yet, because the call goes on to another tier.
#[derive(Debug)]
pub(crate) struct CurrentCause(AtomicU8);

impl CurrentCause {
    pub(crate) fn new(cause: MissCause) -> Self {
        Self(AtomicU8::new(cause.0))
    }

    pub(crate) fn get(&self) -> MissCause {
        MissCause(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, cause: MissCause) {
        self.0.store(cause.0, Ordering::Relaxed);
    }
}

/// Counters of the misses of one function or region, by cause.
///
/// A miss costs at least as much as a computation, so these counters are single atomic numbers and
/// not [`Counter`](crate::base::counter::Counter)s, of which each takes kilobytes.
#[derive(Debug)]
pub(crate) struct MissCauses {
    counts: [AtomicU64; MissCause::COUNT],
    families: RwLock<Vec<Box<str>>>,
}

impl Default for MissCauses {
    fn default() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; MissCause::COUNT],
            families: RwLock::default(),
        }
    }
}

impl MissCauses {
    pub(crate) fn count(&self, cause: MissCause) {
        if let Some(count) = self.counts.get(usize::from(cause.0)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the cause for an invalidation of a tag of `family`. The first families of a function
    /// have causes of their own, and all others share one.
    pub(crate) fn of_family(&self, family: &str) -> MissCause {
        let find = |known: &[Box<str>]| known.iter().position(|it| &**it == family);
        let families = self.families.read();
        let (known, is_full) = (find(&families), families.len() == FAMILIES);
        drop(families);
        if known.is_none() && is_full {
            return MissCause::OTHER_TAG;
        }
        let index = known.or_else(|| {
            let mut families = self.families.write();
            find(&families).or_else(|| {
                let has_room = families.len() < FAMILIES;
                has_room.then(|| {
                    families.push(family.into());
                    families.len() - 1
                })
            })
        });
        let cause = index.and_then(|index| u8::try_from(MissCause::FIXED + index).ok());
        cause.map_or(MissCause::OTHER_TAG, MissCause)
    }

    pub(crate) fn read(&self) -> MissStats {
        let mut counts = self.counts.iter().map(|it| it.load(Ordering::Relaxed));
        let mut stats = MissStats::default();
        for (field, count) in stats.fixed_mut().into_iter().zip(&mut counts) {
            *field = count;
        }
        let families = self.families.read();
        let counted = families.iter().zip(counts).filter(|(_, count)| *count > 0);
        stats.tags = counted.map(|(it, count)| (it.to_string(), count)).collect();
        stats
    }
}

impl MissStats {
    /// Returns the number of misses because of any tag.
    pub fn tag(&self) -> u64 {
        let counts = self.tags.values();
        counts.fold(self.other_tags, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the number of misses of every cause.
    pub fn total(&self) -> u64 {
        let counts = self.fixed().into_iter().chain(self.tags.values().copied());
        counts.fold(0, u64::saturating_add)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (to, from) in self.fixed_mut().into_iter().zip(other.fixed()) {
            *to = to.saturating_add(from);
        }
        for (family, count) in &other.tags {
            let sum = self.tags.entry(family.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Returns the misses that were counted after `earlier`, an earlier state of these counters.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        for (to, from) in since.fixed_mut().into_iter().zip(earlier.fixed()) {
            *to = to.saturating_sub(from);
        }
        for (family, count) in &mut since.tags {
            *count = count.saturating_sub(earlier.tags.get(family).copied().unwrap_or(0));
        }
        since.tags.retain(|_, count| *count > 0);
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_beyond_the_bound_share_one_counter() {
        let causes = MissCauses::default();
        for n in 0..FAMILIES + 3 {
            let family = format!("f{n}:");
            assert_eq!(causes.of_family(&family), causes.of_family(&family));
            causes.count(causes.of_family(&family));
        }
        causes.count(MissCause::EXPIRED);
        let stats = causes.read();
        assert_eq!((stats.tags.len(), stats.other_tags), (FAMILIES, 3));
        assert_eq!((stats.tags["f0:"], stats.expired), (1, 1));
        assert_eq!(stats.tag(), 3 + FAMILIES as u64);
        assert_eq!(stats.total(), stats.tag() + 1);
    }

    #[test]
    fn counts_are_subtracted_and_added_cause_by_cause() {
        let causes = MissCauses::default();
        let count = |family| causes.count(causes.of_family(family));
        causes.count(MissCause::ABSENT);
        count("a:");
        let earlier = causes.read();
        causes.count(MissCause::ABSENT);
        count("b:");
        let later = causes.read();
        let since = later.since(&earlier);
        assert_eq!((since.absent, since.total()), (1, 2));
        assert_eq!(since.tags, BTreeMap::from([("b:".to_owned(), 1)]));
        let mut sum = earlier;
        sum.add(&since);
        assert_eq!(sum, later);
    }

    #[test]
    fn the_tier_that_knows_more_says_why() {
        let (absent, expired) = (MissCause::ABSENT, MissCause::EXPIRED);
        assert_eq!(expired.in_redis(absent), expired);
        assert_eq!(absent.in_redis(expired), expired);
        assert_eq!(expired.in_redis(MissCause::KEY), MissCause::KEY);
        assert_eq!(MissCause::UNCONFIRMED.in_redis(absent), absent);
        assert_eq!(absent.without_redis(), MissCause::UNREACHABLE);
        assert_eq!(expired.without_redis(), expired);
    }
}
