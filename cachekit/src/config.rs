//! The settings of a cache: plain data, and how their written forms are read.

mod engine;

use std::num::NonZeroU64;
use std::time::Duration;

pub use self::engine::{Engine, Eviction};
use crate::codec::Codec;

/// Where capacity is in bytes: what an entry has at least, about.
const SMALL_ENTRY: u64 = 512;

/// How much the memory tier holds.
///
/// # Examples
///
/// ```
/// use cachekit::Capacity;
///
/// let few = Capacity::entries(10_000);
/// let megabytes = Capacity::bytes(64 << 20);
/// assert_eq!("64MB".parse(), Ok(megabytes));
/// assert_eq!("10000".parse(), Ok(few));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    pub(crate) amount: u64,
    pub(crate) unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Entries,
    Bytes,
}

impl Capacity {
    /// At most this many entries.
    pub const fn entries(amount: u64) -> Self {
        Self {
            amount,
            unit: Unit::Entries,
        }
    }

    /// About this many bytes: an entry counts for its key, its bookkeeping, the size of its type
    /// and what it points to.
    ///
    /// The last is told by what the value serialises, to a depth of 128 layers, where its type has
    /// `serde::Serialize` and one of the features `serde`, `bincode`, `msgpack`, `json` and `redis`
    /// is on; of what is cached without a macro only with `redis`. Else it is known of strings and
    /// slices of bytes, in a `Box`, `Arc` or `Vec`, and of what an annotated function returns in an
    /// `Arc`, without what that points to. Values are not weighed where capacity is in entries.
    pub const fn bytes(amount: u64) -> Self {
        Self {
            amount,
            unit: Unit::Bytes,
        }
    }

    /// About how many entries there is room for, if they are small.
    pub(crate) const fn small_entries(self) -> u64 {
        match self.unit {
            Unit::Entries => self.amount,
            Unit::Bytes => self.amount / SMALL_ENTRY,
        }
    }
}

impl std::str::FromStr for Capacity {
    type Err = String;

    /// `10000` (entries), `64MB`, `512 KiB`, `1GB`. A kilobyte is 1,024 bytes.
    fn from_str(text: &str) -> Result<Self, String> {
        const SHOWN: &str = "expected a number of entries (`10000`) or bytes (`64MB`, `512KB`)";
        let text = text.trim();
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| SHOWN.to_owned())?;
        let shift = match text[digits..].trim().to_ascii_lowercase().as_str() {
            "" => return Ok(Self::entries(number)),
            "b" => 0,
            "kb" | "kib" => 10,
            "mb" | "mib" => 20,
            "gb" | "gib" => 30,
            _ => return Err(SHOWN.to_owned()),
        };
        let bytes = number
            .checked_mul(1 << shift)
            .ok_or_else(|| SHOWN.to_owned())?;
        Ok(Self::bytes(bytes))
    }
}

/// Where entries live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// In this process alone: values need no serde.
    Memory,
    /// In Redis alone: no process keeps a copy.
    Redis,
    /// In memory, and behind it in Redis.
    Both,
}

/// Who waits for whom when several callers miss one key at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SingleFlight {
    /// Nobody: every caller computes.
    Off,
    /// The callers of one process.
    Process,
    /// The callers of all processes that share one Redis.
    Cluster,
}

/// What memory does while messages of invalidations cannot reach this process and Redis
/// cannot be asked either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDisconnect {
    /// It goes on for so long after the last message came through, then every call computes.
    ServeFor(Duration),
    /// It is not trusted: every call computes.
    Bypass,
    /// It goes on for as long as entries live.
    Serve,
}

/// What to make of entries when Redis turns out to hold another data set: after a restart
/// from an old snapshot, or a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnNewMaster {
    /// None of them is used any more: an invalidation may be missing there.
    Clear,
    /// They are used, and every process repeats its recent invalidations. One that was
    /// lost with its process is undone until the entry's life ends.
    Replay,
}

/// All settings of one cache, validated.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) default_ttl: Duration,
    pub(crate) memory_capacity: Capacity,
    pub(crate) engine: Engine,
    /// `None`: nothing was said, and the engine's own.
    pub(crate) eviction: Option<Eviction>,
    /// How many keys' uses are counted; zero: of none.
    pub(crate) hot_keys: usize,
    pub(crate) lock_timeout: Duration,
    pub(crate) namespace: String,
    pub(crate) redis_timeout: Duration,
    /// `None`: the first whose feature is on.
    pub(crate) codec: Option<Codec>,
    pub(crate) max_value_bytes: usize,
    /// `None`: nothing is compressed, unless a function asks for it.
    pub(crate) compress_above: Option<usize>,
    pub(crate) bus_timeout: Duration,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) on_new_master: OnNewMaster,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            default_ttl: Duration::from_secs(300),
            memory_capacity: Capacity::entries(10_000),
            engine: Engine::default(),
            eviction: None,
            hot_keys: 1 << 10,
            lock_timeout: Duration::from_secs(10),
            namespace: "cachekit".to_owned(),
            redis_timeout: Duration::from_millis(100),
            codec: None,
            max_value_bytes: 8 << 20,
            compress_above: None,
            bus_timeout: Duration::from_secs(1),
            on_disconnect: OnDisconnect::ServeFor(Duration::from_secs(30)),
            on_new_master: OnNewMaster::Clear,
        }
    }
}

/// Reads `300` (seconds), `5m`, `1h30m`, `500ms`, `2d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    const SHOWN: &str = "expected seconds (`300`) or a length of time (`5m`, `1h30m`, `500ms`)";
    let shown = || SHOWN.to_owned();
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(shown)?;
        let amount: NonZeroU64 = rest[..digits].parse().map_err(|_| shown())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let millis = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(shown()),
        };
        let millis = amount.get().checked_mul(millis).ok_or_else(shown)?;
        total = total
            .checked_add(Duration::from_millis(millis))
            .ok_or_else(shown)?;
        rest = &rest[letters..];
    }
    if total.is_zero() {
        Err(shown())
    } else {
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("300"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["", "5x", "m", "0m", "-1", "1.5h", "99999999999999999d"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn capacities() {
        assert_eq!("512 KiB".parse(), Ok(Capacity::bytes(512 << 10)));
        for bad in [
            "",
            "10 apples",
            "MB",
            "-5",
            "99999999999999999999",
            "99999999999999999GB",
        ] {
            assert!(bad.parse::<Capacity>().is_err(), "{bad}");
        }
    }
}
