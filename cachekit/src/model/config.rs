//! Settings of a cache: plain data, and the parsers for settings that are given as text.

pub(crate) mod duration_text;
pub(crate) mod engine;
pub(crate) mod key_source;
pub(crate) mod secret;
pub(crate) mod spans;
pub(crate) mod text;

use std::path::PathBuf;
use std::time::Duration;

use crate::encoding::codec::Codec;
use crate::model::config::duration_text::parse_length;
use crate::model::config::engine::Engine;
use crate::model::config::engine::Eviction;
use crate::model::config::key_source::KeySource;
use crate::model::config::secret::{Password, RedisUrl, User};
use crate::model::config::spans::Spans;

/// Approximate weight of a small entry, in bytes. The number of small entries that fit into a
/// capacity in bytes is this capacity, divided by the weight.
const SMALL_ENTRY: u64 = 512;

/// Capacity of the memory tier: a number of entries, or a number of bytes.
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
    /// Returns a capacity of `amount` entries: memory keeps at most `amount` entries.
    pub const fn entries(amount: u64) -> Self {
        Self {
            amount,
            unit: Unit::Entries,
        }
    }

    /// Returns a capacity of about `amount` bytes. The weight of an entry is the sum of its key,
    /// the cache's bookkeeping for it, the size of the value's type, and the data that the value
    /// points to.
    ///
    /// The data that a value points to is measured by serialising the value, to a depth of 128
    /// layers. This needs `serde::Serialize` and one of the features `serde`, `bincode`, `msgpack`,
    /// `json` and `redis`. For values cached without a macro, measuring needs `redis`.
    ///
    /// Without `Serialize` and these features, the data that a value points to is measured only in
    /// two cases: for strings and byte slices in a `Box`, `Arc` or `Vec`, and for the content of
    /// the `Arc` that an annotated function returns. Data that this content points to is not
    /// measured. With a capacity in entries, no value is measured.
    pub const fn bytes(amount: u64) -> Self {
        Self {
            amount,
            unit: Unit::Bytes,
        }
    }

    /// Returns the approximate number of small entries that fit into this capacity.
    pub(crate) const fn small_entries(self) -> u64 {
        match self.unit {
            Unit::Entries => self.amount,
            Unit::Bytes => self.amount / SMALL_ENTRY,
        }
    }
}

impl std::str::FromStr for Capacity {
    type Err = String;

    /// Parses a capacity, such as `10000` (entries), `64MB`, `64Mi`, `512 KiB` or `1GB`. A kilobyte
    /// is 1,024 bytes.
    fn from_str(text: &str) -> Result<Self, String> {
        let capacity = match sized(text) {
            Some((number, None)) => Some(Self::entries(number)),
            Some((number, Some(shift))) => shifted(number, shift).map(Self::bytes),
            None => None,
        };
        capacity.ok_or_else(|| {
            "expected a number of entries (`10000`) or bytes (`64MB`, `512KiB`)".to_owned()
        })
    }
}

/// Tiers that keep an entry: the memory of the process, Redis, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// Only the memory of this process keeps the entry. The value type need not implement the
    /// traits of `serde`.
    Memory,
    /// Only Redis keeps the entry: no process keeps a copy in its memory.
    Redis,
    /// Memory and Redis keep the entry. A call asks Redis only if the memory of its process has no
    /// entry.
    Both,
}

/// Scope within which concurrent misses of one key share a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SingleFlight {
    /// No sharing: every caller that misses the key runs the computation itself.
    Off,
    /// The callers of one process share one computation. Other processes may compute the key too.
    Process,
    /// The callers of all processes that share a Redis share one computation.
    Cluster,
}

/// Rule for calls while this process receives no invalidations and cannot reach Redis: whether they
/// are served from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDisconnect {
    /// After messages from Redis were missing for `bus_timeout`, calls are still served from memory
    /// for this long. After this time every call computes.
    ServeFor(Duration),
    /// While this process is cut off from Redis, no call is served from memory: every call
    /// computes.
    Bypass,
    /// Calls are served from memory until an entry's life ends. If another process invalidated the
    /// entry in this time, calls in this process still get the old value.
    Serve,
}

/// Rule for the existing entries after Redis turns out to have another data set than before,
/// because of a failover or a restart from an old snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnNewMaster {
    /// All entries are discarded, because Redis's new data set may lack an invalidation.
    Clear,
    /// The entries are kept, and every process repeats its recent invalidations. The invalidations
    /// of a process that has ended are not repeated: entries that such an invalidation named are
    /// served until their life ends.
    Replay,
}

/// All settings of one cache. Each can be set by the builder, in a configuration file and in the
/// environment: see the table in `api/settings`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) default_ttl: Duration,
    pub(crate) memory_capacity: Capacity,
    pub(crate) engine: Engine,
    /// Eviction policy of moka. `None`: the application set none, and moka uses its default.
    pub(crate) eviction: Option<Eviction>,
    /// Number of keys whose uses are counted, for the list of the most used keys
    /// (`Cache::hot_keys`). Zero turns counting off.
    pub(crate) hot_keys: usize,
    pub(crate) lock_timeout: Duration,
    pub(crate) spans: Spans,
    /// `true` if the steps of each call are written to the log, at trace level.
    pub(crate) trace_calls: bool,
    pub(crate) namespace: String,
    pub(crate) redis_timeout: Duration,
    /// Codec for values in Redis. `None`: the first codec whose feature is on.
    pub(crate) codec: Option<Codec>,
    pub(crate) max_value_bytes: usize,
    /// Size in bytes from which values are compressed for Redis. `None`: only values of functions
    /// and calls with `compress` are compressed.
    pub(crate) compress_above: Option<usize>,
    /// Keys that encrypt what the cache writes into Redis. `None`: nothing is encrypted.
    pub(crate) encryption: Option<KeySource>,
    /// `true` if the names in Redis are hashes.
    pub(crate) hash_keys: bool,
    /// `true` if values are compressed although they are encrypted.
    pub(crate) compress_encrypted: bool,
    pub(crate) bus_timeout: Duration,
    pub(crate) on_disconnect: OnDisconnect,
    pub(crate) on_new_master: OnNewMaster,
    /// `true` if writes leave marks in Redis, and marks of dead processes are carried out.
    pub(crate) intents: bool,
    /// The time for which the mark of a write stands without a renewal.
    pub(crate) intent: Duration,
    /// `true` if the cache answers questions of other processes, such as the command `cachekit`.
    pub(crate) answers: bool,
    /// Address of the Redis that processes share. `None`: the cache has memory only.
    pub(crate) redis: Option<RedisUrl>,
    /// Password for a Redis whose address contains none.
    pub(crate) redis_password: Option<Password>,
    /// Path of the file with the certificates of the authorities that sign the server's certificate.
    /// `None`: the authorities that browsers accept.
    pub(crate) redis_ca_file: Option<PathBuf>,
    /// Path of the file with the certificate that this process shows to the server. `None`: it
    /// shows none.
    pub(crate) redis_cert_file: Option<PathBuf>,
    /// Path of the file with the private key of that certificate.
    pub(crate) redis_key_file: Option<PathBuf>,
    /// Account of the cache on the sentinels. `None`: the default account.
    pub(crate) sentinel_user: Option<User>,
    /// Password of the account on the sentinels.
    pub(crate) sentinel_password: Option<Password>,
    /// Path of the file that keeps the outbox over a restart. `None`: the outbox is in memory only.
    pub(crate) outbox_file: Option<PathBuf>,
    /// `true` if the writes of write-behind functions are queued in a Redis that may lose them.
    pub(crate) volatile_queues: bool,
    /// `true` if the tasks for Redis run on a thread of the cache's own.
    pub(crate) own_thread: bool,
    /// Time between two checks for changes of the configuration file. `None`: the file is read when
    /// the cache is built, and by `reload`.
    pub(crate) reload_every: Option<Duration>,
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
            spans: Spans::Off,
            trace_calls: false,
            namespace: "cachekit".to_owned(),
            redis_timeout: Duration::from_millis(100),
            codec: None,
            max_value_bytes: 8 << 20,
            compress_above: None,
            encryption: None,
            hash_keys: false,
            compress_encrypted: false,
            bus_timeout: Duration::from_secs(1),
            on_disconnect: OnDisconnect::ServeFor(Duration::from_secs(30)),
            on_new_master: OnNewMaster::Clear,
            intents: true,
            intent: Duration::from_secs(3),
            answers: true,
            redis: None,
            redis_password: None,
            redis_ca_file: None,
            redis_cert_file: None,
            redis_key_file: None,
            sentinel_user: None,
            sentinel_password: None,
            outbox_file: None,
            volatile_queues: false,
            own_thread: false,
            reload_every: None,
        }
    }
}

/// Parses a length of time, such as `300` (seconds), `5m`, `1h30m`, `500ms` or `1w`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    parse_length(text.trim()).map_err(|wrong| {
        format!("expected seconds (`300`) or a length of time (`5m`, `1h30m`, `500ms`): {wrong}")
    })
}

/// Parses a number of bytes, such as `1024`, `64MB`, `64M`, `64Mi` or `64 MiB`. A kilobyte is 1,024
/// bytes.
pub(crate) fn parse_bytes(text: &str) -> Result<usize, String> {
    let bytes = sized(text).and_then(|(number, shift)| shifted(number, shift.unwrap_or(0)));
    bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "expected a number of bytes (`1024`, `512KB`, `8MiB`)".to_owned())
}

/// Parses a size such as `64MB` into a number and the shift of its unit: the number, shifted left
/// by so many bits, is the size in bytes. The shift is `None` for a number without a unit.
fn sized(text: &str) -> Option<(u64, Option<u32>)> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number = text[..digits].parse().ok()?;
    let shift = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" => None,
        "b" => Some(0),
        "k" | "ki" | "kb" | "kib" => Some(10),
        "m" | "mi" | "mb" | "mib" => Some(20),
        "g" | "gi" | "gb" | "gib" => Some(30),
        "t" | "ti" | "tb" | "tib" => Some(40),
        _ => return None,
    };
    Some((number, shift))
}

fn shifted(number: u64, shift: u32) -> Option<u64> {
    number.checked_mul(1 << shift)
}

/// Texts of sizes, each with its number of bytes. The number is `None` for a text that the parser
/// must reject.
#[cfg(test)]
pub(crate) const SIZES: &[(&str, Option<u64>)] = &[
    ("1024", Some(1_024)),
    ("8b", Some(8)),
    ("512KB", Some(512 << 10)),
    ("512 KiB", Some(512 << 10)),
    ("512k", Some(512 << 10)),
    ("8MB", Some(8 << 20)),
    ("8MiB", Some(8 << 20)),
    ("64M", Some(64 << 20)),
    ("64Mi", Some(64 << 20)),
    ("1G", Some(1 << 30)),
    ("1gib", Some(1 << 30)),
    ("1T", Some(1 << 40)),
    ("10 apples", None),
    ("MB", None),
    ("-5", None),
    ("1.5MB", None),
    ("1MB1", None),
    ("99999999999999999999", None),
    ("99999999999999999GB", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in SIZES {
            let is_number = text.parse::<u64>().is_ok();
            let capacity = if is_number {
                Capacity::entries
            } else {
                Capacity::bytes
            };
            assert_eq!(text.parse().ok(), bytes.map(capacity), "{text}");
            assert_eq!(parse_bytes(text).ok().map(|it| it as u64), *bytes, "{text}");
        }
    }
}
