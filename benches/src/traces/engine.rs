//! The engines and eviction policies that are compared. Another setting of cachekit is another line in [`OURS`].

use std::hint::black_box;
use std::time::{Duration, Instant};

use cachekit::{Cache, CacheBuilder, Capacity, Engine as Kept, Eviction, cached};
use tokio::runtime::Handle;

use super::Replayed;
use crate::Fail;
use crate::report::Kind;

type Settings = fn(CacheBuilder) -> CacheBuilder;

/// cachekit's own, the default first.
const OURS: [(&str, Settings); 3] = [
    ("cachekit, default", |cache| cache),
    ("cachekit, TinyLFU", |cache| {
        cache.eviction(Eviction::TinyLfu)
    }),
    ("cachekit, quick_cache", |cache| {
        cache.engine(Kept::QuickCache)
    }),
];

/// A cache of `room` entries that a trace is replayed through.
pub(super) struct Engine {
    pub(super) name: &'static str,
    cache: Whose,
}

enum Whose {
    Ours(Settings),
    #[cfg(feature = "rivals")]
    Theirs(fn(&[u32], usize) -> Replayed),
}

impl Engine {
    pub(super) fn is(&self) -> Kind {
        match self.cache {
            Whose::Ours(_) => Kind::Ours,
            #[cfg(feature = "rivals")]
            Whose::Theirs(_) => Kind::Rival,
        }
    }

    /// Replays the trace through a new, empty cache.
    pub(super) fn replay(
        &self,
        runtime: &Handle,
        keys: &[u32],
        room: usize,
    ) -> Result<Replayed, Fail> {
        match self.cache {
            Whose::Ours(settings) => runtime.block_on(ours(settings, keys, room)),
            #[cfg(feature = "rivals")]
            Whose::Theirs(replay) => Ok(replay(keys, room)),
        }
    }
}

/// All of them, cachekit's default first.
pub(super) fn all() -> Vec<Engine> {
    let ours = OURS.iter().map(|(name, settings)| Engine {
        name,
        cache: Whose::Ours(*settings),
    });
    #[cfg(feature = "rivals")]
    let ours = ours.chain(rivals::all());
    ours.collect()
}

#[cached(key = "row:{id}", tags = ["rows"], cache = cache, skip(cache))]
async fn row(cache: &Cache, id: u32) -> u64 {
    u64::from(id)
}

async fn ours(settings: Settings, keys: &[u32], room: usize) -> Result<Replayed, Fail> {
    let builder = Cache::builder().memory_capacity(Capacity::entries(room as u64));
    let cache = settings(builder).build().await?;
    let start = Instant::now();
    for key in keys {
        black_box(row(&cache, black_box(*key)).await);
    }
    let took = start.elapsed();
    let hit_rate = cache.stats().hit_rate();
    Ok(Replayed {
        hit_rate,
        an_access: mean(took, keys.len()),
    })
}

fn mean(took: Duration, accesses: usize) -> Duration {
    took / u32::try_from(accesses.max(1)).unwrap_or(u32::MAX)
}

/// Stores by themselves: a number as the key, asked, and filled where they have nothing.
#[cfg(feature = "rivals")]
mod rivals {
    use moka::policy::EvictionPolicy;

    use super::{Engine, Instant, Replayed, Whose, black_box, mean};

    pub(super) fn all() -> [Engine; 3] {
        let engine = |name, replay| Engine {
            name,
            cache: Whose::Theirs(replay),
        };
        [
            engine("moka::sync, LRU", |keys, room| {
                moka(keys, room, EvictionPolicy::lru())
            }),
            engine("moka::sync, TinyLFU", |keys, room| {
                moka(keys, room, EvictionPolicy::tiny_lfu())
            }),
            engine("quick_cache", |keys, room| {
                let cache = quick_cache::sync::Cache::new(room);
                replay(
                    keys,
                    |key| cache.get(&key),
                    |key| cache.insert(key, u64::from(key)),
                )
            }),
        ]
    }

    fn moka(keys: &[u32], room: usize, policy: EvictionPolicy) -> Replayed {
        let cache = moka::sync::Cache::builder()
            .max_capacity(room as u64)
            .eviction_policy(policy)
            .build();
        replay(
            keys,
            |key| cache.get(&key),
            |key| cache.insert(key, u64::from(key)),
        )
    }

    fn replay(keys: &[u32], get: impl Fn(u32) -> Option<u64>, insert: impl Fn(u32)) -> Replayed {
        let mut hits = 0_u32;
        let start = Instant::now();
        for &key in keys {
            if black_box(get(black_box(key))).is_some() {
                hits += 1;
            } else {
                insert(key);
            }
        }
        let took = start.elapsed();
        let accesses = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        Replayed {
            hit_rate: f64::from(hits) / f64::from(accesses),
            an_access: mean(took, keys.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_of_each_engine_are_counted() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        // Each key three times, with room for all: one miss and two hits.
        let keys: Vec<u32> = (0..100).cycle().take(300).collect();
        for engine in all() {
            let seen = engine.replay(runtime.handle(), &keys, 1_000).unwrap();
            let told = format!("{}: {seen:?}", engine.name);
            assert!((seen.hit_rate - 2.0 / 3.0).abs() < 1e-9, "{told}");
        }
    }
}
