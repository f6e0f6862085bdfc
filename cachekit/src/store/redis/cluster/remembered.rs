//! Versions that one process remembers of the masters of a Redis Cluster.
//!
//! A remembered version can only confirm an entry or a grant. It is used while messages of other
//! processes arrive, and it is forgotten when one of them, or this process, invalidates its name. An
//! answer of a master may have been read before an invalidation and arrive after it. So an answer is
//! remembered only if no version of its stripe was forgotten since the question.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64;

use crate::base::sync::Mutex;
use crate::encoding::envelope::Version;
use crate::store::key_name::StoreKey;

/// The largest number of remembered versions.
const MOST: usize = 65_536;

/// The number of parts of the table. An invalidation keeps only answers for its own part from being
/// remembered.
const STRIPES: usize = 64;

/// The time from the question for which a version is remembered.
const LIFE: Duration = Duration::from_secs(10);

/// A function that returns `true` while messages of other processes arrive.
pub(crate) type LiveProbe = Arc<dyn Fn() -> bool + Send + Sync>;

/// The versions that one process remembers.
pub(crate) struct Remembered {
    stripes: Box<[Mutex<Stripe>]>,
    /// The number of times that versions were forgotten.
    forgets: AtomicU64,
    is_live: LiveProbe,
}

#[derive(Default)]
struct Stripe {
    versions: HashMap<StoreKey, Kept>,
    /// The number of times that versions of any stripe had been forgotten when versions of this stripe
    /// were last forgotten, that time included.
    forgotten_at: u64,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    version: Version,
    until: Instant,
    /// The number of changes of the table of guards when the version was remembered, that change
    /// included.
    change: u64,
}

/// A moment before a question to a master.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    forgets: u64,
    at: Instant,
}

impl Remembered {
    pub(crate) fn new(is_live: LiveProbe) -> Self {
        Self {
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            forgets: AtomicU64::new(0),
            is_live,
        }
    }

    /// Returns the present moment. A question that is sent after it may be remembered.
    pub(crate) fn asking(&self) -> Asked {
        Asked {
            forgets: self.forgets.load(Ordering::SeqCst),
            at: Instant::now(),
        }
    }

    /// Remembers `version`, the answer to a question after `asked`, unless a version of its stripe was
    /// forgotten meanwhile. If the version is new, `change` makes a change of the table of guards, and
    /// returns its number.
    pub(crate) fn insert(
        &self,
        name: &StoreKey,
        version: Version,
        asked: Asked,
        change: impl FnOnce() -> u64,
    ) {
        let mut stripe = self.stripe(name).lock();
        if stripe.forgotten_at > asked.forgets {
            return;
        }
        stripe.make_room(name);
        let known = stripe.versions.get(name);
        let known = known.filter(|kept| kept.version == version);
        let kept = Kept {
            version,
            until: asked.at + LIFE,
            change: known.map_or_else(change, |kept| kept.change),
        };
        stripe.versions.insert(name.clone(), kept);
    }

    /// Returns the remembered version of `name`, or `None` if there is none or messages do not arrive.
    pub(crate) fn get(&self, name: &StoreKey) -> Option<Version> {
        self.kept(name).map(|kept| kept.version)
    }

    /// Returns the remembered version of `name` if it was remembered before the change of the table
    /// of guards with the number `change`, or by that change.
    pub(crate) fn since(&self, name: &StoreKey, change: u64) -> Option<Version> {
        let kept = self.kept(name).filter(|kept| kept.change <= change);
        kept.map(|kept| kept.version)
    }

    fn kept(&self, name: &StoreKey) -> Option<Kept> {
        let kept = self.stripe(name).lock().versions.get(name).copied();
        kept.filter(|kept| Instant::now() < kept.until && (self.is_live)())
    }

    /// Forgets the versions of `names`, and for an entry the version of its key.
    pub(crate) fn forget(&self, names: &[StoreKey]) {
        for name in names {
            self.forget_one(name);
            if let Some(version) = name.replicas_version() {
                self.forget_one(&version);
            }
        }
    }

    fn forget_one(&self, name: &StoreKey) {
        let mut stripe = self.stripe(name).lock();
        stripe.forgotten_at = self.next_forget();
        stripe.versions.remove(name);
    }

    /// Forgets all versions, because invalidations may have been missed.
    pub(crate) fn forget_all(&self) {
        for stripe in &self.stripes {
            let mut stripe = stripe.lock();
            stripe.forgotten_at = self.next_forget();
            stripe.versions.clear();
        }
    }

    fn next_forget(&self) -> u64 {
        self.forgets.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn stripe(&self, name: &StoreKey) -> &Mutex<Stripe> {
        let hash = xxh3_64(name.as_bytes());
        let number = usize::try_from(hash % STRIPES as u64).unwrap_or_default();
        &self.stripes[number]
    }
}

impl Stripe {
    /// Removes versions if there is no room for that of `name`: those whose time is over, or all.
    fn make_room(&mut self, name: &StoreKey) {
        if self.versions.len() < MOST / STRIPES || self.versions.contains_key(name) {
            return;
        }
        let now = Instant::now();
        self.versions.retain(|_, kept| now < kept.until);
        if self.versions.len() >= MOST / STRIPES {
            self.versions.clear();
        }
    }
}

impl fmt::Debug for Remembered {
    /// Omits the names, which may contain arguments of calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const fn version(byte: u8) -> Version {
        Version([byte; Version::LEN])
    }

    fn name(text: &str) -> StoreKey {
        StoreKey::read(text.as_bytes())
    }

    fn remembered() -> Remembered {
        Remembered::new(Arc::new(|| true))
    }

    #[tokio::test(start_paused = true)]
    async fn a_version_is_remembered_for_ten_seconds_from_the_question() {
        let remembered = remembered();
        let asked = remembered.asking();
        tokio::time::advance(LIFE / 2).await;
        remembered.insert(&name("all"), version(1), asked, || 0);
        assert_eq!(remembered.get(&name("all")), Some(version(1)));
        tokio::time::advance(LIFE / 2).await;
        assert_eq!(remembered.get(&name("all")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_message_names_is_forgotten_and_so_are_answers_to_earlier_questions() {
        let remembered = remembered();
        for (told, forgotten) in [("k:a", "v:a"), ("t:x", "t:x"), ("all", "all")] {
            let asked = remembered.asking();
            remembered.insert(&name(forgotten), version(1), asked, || 0);
            remembered.forget(&[name(told)]);
            assert_eq!(remembered.get(&name(forgotten)), None);
            remembered.insert(&name(forgotten), version(1), asked, || 0);
            assert_eq!(remembered.get(&name(forgotten)), None, "{told}: it is late");
            remembered.insert(&name(forgotten), version(2), remembered.asking(), || 0);
            assert_eq!(remembered.get(&name(forgotten)), Some(version(2)));
        }
        let asked = remembered.asking();
        remembered.forget_all();
        remembered.insert(&name("t:x"), version(1), asked, || 0);
        assert_eq!(remembered.get(&name("t:x")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_taken_while_messages_do_not_arrive() {
        let is_live = Arc::new(AtomicBool::new(true));
        let probe = Arc::clone(&is_live);
        let probe = Arc::new(move || probe.load(Ordering::Relaxed));
        let remembered = Remembered::new(probe);
        remembered.insert(&name("all"), version(1), remembered.asking(), || 0);
        is_live.store(false, Ordering::Relaxed);
        assert_eq!(remembered.get(&name("all")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_grant_takes_only_what_was_remembered_before() {
        let remembered = remembered();
        remembered.insert(&name("t:x"), version(1), remembered.asking(), || 7);
        assert_eq!(remembered.since(&name("t:x"), 6), None);
        assert_eq!(remembered.since(&name("t:x"), 7), Some(version(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_versions_is_bounded() {
        let remembered = remembered();
        for number in 0..2 * MOST {
            let name = name(&format!("t:{number}"));
            remembered.insert(&name, version(1), remembered.asking(), || 0);
        }
        let counts = remembered.stripes.iter();
        let count: usize = counts.map(|stripe| stripe.lock().versions.len()).sum();
        assert!(count <= MOST, "{count}");
    }
}
