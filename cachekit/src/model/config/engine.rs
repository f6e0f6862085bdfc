//! What holds the memory tier's entries, and which of them leave.

use std::fmt;
use std::str::FromStr;

/// What holds the memory tier's entries: which of them stay when it is full, and what an access
/// costs that this thread has nothing at hand for. Everything else is the cache's own and the same
/// with each of them: lengths of life, tags, invalidation, what may be relied on.
///
/// [`Moka`](Self::Moka) is right for most. Choose [`QuickCache`](Self::QuickCache) where misses are
/// many and cheap, or memory sees scans, after measuring with keys of your own
/// (`docs/decisions/0009-engines.md` has the figures of three traces).
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
    /// One pool for all entries, so that capacity is kept to the entry, and an entry may be as
    /// large as all of it. Removing everything takes constant time.
    #[default]
    Moka,
    /// The crate `quick_cache` (feature `quick_cache`, on by default), with the policy that it has:
    /// a Clock-PRO, near to S3-FIFO, which resists scans. [`Eviction`] means nothing to it, so
    /// setting both is an error.
    ///
    /// Its entries are spread by hash over parts of one size, each with its share of the capacity:
    /// at least 512 entries or 16 MiB, where there is as much. So
    ///
    /// - where all entries would just fit, a few per cent of them do not;
    /// - an entry of more than 97 % of a part's bytes is never kept;
    /// - removing everything takes time in proportion to what is there.
    QuickCache,
}

impl Engine {
    /// Whether the feature that it needs is on.
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

/// Which entry leaves when the memory tier is full, with [`Engine::Moka`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Eviction {
    /// Frequency decides who enters, recency who leaves (Einziger, Friedman and Manes,
    /// "`TinyLFU`: A Highly Efficient Cache Admission Policy", 2017).
    TinyLfu,
    /// The least recently used entry leaves. The default: on real access traces it kept
    /// more hits (`docs/decisions/0001-eviction-policy.md`).
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
