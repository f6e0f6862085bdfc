//! Statistics of the keys with the most uses.

use std::sync::Weak;

use crate::base::clock::Tick;
use crate::core::state::{Cache, Core};
use crate::l1::hot_keys::HotKey;
use crate::l1::thread_cache::draw;
use crate::model::entry::MemoryEntry;
use crate::model::owner::OwnerId;

impl Cache {
    /// Returns the keys with the most uses, in descending order: at most `most` keys, and at most
    /// as many as the cache [counts](crate::CacheBuilder::hot_keys).
    ///
    /// A use is a call of a function, or a direct `get` or `get_or_compute`, whichever tier
    /// answers. Uses are counted by Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005), so
    /// memory is bounded for any number of keys. With Space-Saving, a count may be too high, by at
    /// most [`HotKey::error`]. Uses are also sampled: many of a thread's first uses are counted;
    /// later, one use in 256 on average, drawn at random, counts as 256 uses. The standard
    /// deviation of a count is `16 * sqrt(uses)`.
    ///
    /// Every ten minutes, on the cache's [clock](crate::CacheBuilder::clock), all counts are
    /// halved. At a steady rate, `uses` is therefore the number of uses in the last ten to twenty
    /// minutes.
    ///
    /// Keys contain arguments of functions, and perhaps personal data. The cache itself sends the
    /// keys nowhere, and `Debug` of [`HotKey`] omits them.
    ///
    /// This method sorts all counted keys. Call it for a page of statistics or at a shutdown, not
    /// for every request.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::{Cache, cached};
    ///
    /// #[cached(key = "visitor:{id}", name = "get_visitor", cache = cache, skip(cache))]
    /// async fn get_visitor(cache: &Cache, id: u64) -> u64 {
    ///     id
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// for call in 0..1_000 {
    ///     get_visitor(&cache, if call % 2 == 0 { 7 } else { call }).await;
    /// }
    /// let hottest = &cache.hot_keys(10)[0];
    /// assert_eq!((&*hottest.function, &*hottest.key), ("get_visitor", "visitor:7"));
    /// println!("{} of 1000 calls", hottest.uses); // about 500
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hot_keys(&self, most: usize) -> Vec<HotKey> {
        let core = self.core();
        let name = |id: OwnerId| {
            let owners = core.owners.read();
            owners.get(&id).map(|owner| owner.name.to_string())
        };
        core.hot.hottest(most, Tick::now(&*core.clock), name)
    }
}

impl Core {
    /// Counts a use of `key` for `hot_keys`, if this use is one of the random samples. Returns the
    /// number of uses that the sample stands for, or zero if this use is no sample.
    pub(crate) fn count_use(&self, owner: OwnerId, key: &[u8], now: Tick) -> u32 {
        let Some(uses) = draw() else {
            return 0;
        };
        self.hot.count(owner, key, uses, now);
        uses
    }

    /// Counts a sampled hit in the thread's table (L0), which stands for `uses` hits: the use of the
    /// key for `hot_keys`, and the age of `entry`. The closure `text` makes the key's text.
    #[cold]
    #[inline(never)]
    pub(crate) fn count_sampled<K: AsRef<[u8]>>(
        &self,
        owner: OwnerId,
        text: impl Fn() -> K,
        uses: u32,
        (now, entry): (Tick, &Weak<MemoryEntry>),
    ) {
        self.hot.count(owner, text().as_ref(), uses, now);
        if let Some(entry) = entry.upgrade() {
            entry.count_age(uses, now);
        }
    }
}
