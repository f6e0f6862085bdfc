//! The engine of the memory tier, and its eviction policy.

use std::fmt;
use std::str::FromStr;

/// Library that holds the entries of the memory tier.
///
/// The engine decides which entries stay when memory is full. The engine also determines the cost
/// of a look-up that the thread's own table (L0) cannot answer. Lifetimes, tags, invalidation and
/// guarantees are equal with each engine.
///
/// [`Moka`](Self::Moka) suits most applications. Choose [`QuickCache`](Self::QuickCache) if misses
/// are many and cheap, or if your code reads many keys only once (scans), after measuring with your
/// own keys (`docs/decisions/0009-engines.md` has the figures of three traces).
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{Cache, Engine};
///
/// let engine = Engine::QuickCache;
/// assert!(engine.is_available(), "the feature `quick_cache` is on by default");
/// let cache = Cache::builder().engine(engine).build().await?;
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Engine {
    /// The crate `moka`, with the policy of your choice: see [`Eviction`]. The default.
    ///
    /// All entries share one pool. Therefore memory holds exactly as many entries as the capacity
    /// allows, and one entry may take all of the capacity. Clearing the cache takes constant time.
    #[default]
    Moka,
    /// The crate `quick_cache` (feature `quick_cache`, on by default), with its own policy:
    /// Clock-PRO, which resembles S3-FIFO and resists scans. [`Eviction`] does not apply to it, so
    /// setting both is an error.
    ///
    /// Entries are spread by hash over shards of one size, each with its share of the capacity: at
    /// least 512 entries or 16 MiB, if the capacity is that large. Therefore:
    ///
    /// - if the entries together are just as large as the capacity, a few per cent of them are
    ///   evicted;
    /// - an entry larger than 97 % of a shard's bytes is never kept;
    /// - clearing the cache takes time in proportion to the number of entries.
    QuickCache,
}

impl Engine {
    /// Returns `true` if this build contains the engine, because the crate feature that the engine
    /// needs is on.
    pub const fn is_available(self) -> bool {
        match self {
            Self::Moka => true,
            Self::QuickCache => cfg!(feature = "quick_cache"),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Moka => "moka",
            Self::QuickCache => "quick-cache",
        })
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "moka" => Ok(Self::Moka),
            "quick-cache" | "quick_cache" | "quickcache" => Ok(Self::QuickCache),
            _ => Err("expected `moka` or `quick-cache`".to_owned()),
        }
    }
}

/// Eviction policy of [`Engine::Moka`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Eviction {
    /// Admits a new entry only if its key was used more often than that of the entry to evict,
    /// which is the least recently used one (Einziger, Friedman and Manes, "`TinyLFU`: A Highly
    /// Efficient Cache Admission Policy", 2017).
    TinyLfu,
    /// Evicts the least recently used entry. The default: on real access traces this policy had
    /// more hits than `TinyLfu` (`docs/decisions/0001-eviction-policy.md`).
    #[default]
    Lru,
}

impl FromStr for Eviction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "tiny-lfu" | "tiny_lfu" | "tinylfu" => Ok(Self::TinyLfu),
            "lru" => Ok(Self::Lru),
            _ => Err("expected `tiny-lfu` or `lru`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_read_as_it_is_shown() {
        for engine in [Engine::Moka, Engine::QuickCache] {
            assert_eq!(engine.to_string().parse(), Ok(engine));
        }
        assert_eq!(" Quick_Cache ".parse(), Ok(Engine::QuickCache));
        assert!("".parse::<Engine>().is_err());
    }
}
