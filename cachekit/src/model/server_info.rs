//! Information of a Redis server about itself, as the public type that `Cache::server_info`
//! returns.

use std::fmt;
use std::time::Duration;

/// Information of a Redis server about itself, at one moment.
///
/// Counters are those of the server since its start, over all of its clients and databases.
///
/// On a Redis Cluster, numbers are sums over the masters that answer. The version is the oldest one, the
/// uptime the shortest, and the settings are those of the master that is the worst for queued writes.
///
/// # Examples
///
/// ```no_run
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let cache = cachekit::Cache::builder().redis("redis://localhost").build().await?;
/// let server = cache.server_info().await?;
/// println!("{} {}, {} keys", server.product, server.version, server.keys);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ServerInfo {
    /// Number of servers: 1, or the masters of a Redis Cluster that answered.
    pub servers: u64,
    /// Product of the server: `Redis` or `Valkey`.
    pub product: String,
    /// Version of the product, such as `7.2.4`.
    pub version: String,
    /// Mode of the server: `standalone`, `sentinel` or `cluster`.
    pub mode: String,
    /// Role of the server: `master` or `slave`.
    pub role: String,
    /// Time since the server started, in whole seconds.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub uptime: Duration,
    /// Connections of clients to the server now.
    pub clients: u64,
    /// Keys in the database that the cache uses, of all programs.
    pub keys: u64,
    /// Look-ups of keys that the server answered with a value.
    pub hits: u64,
    /// Look-ups of keys that the server did not have.
    pub misses: u64,
    /// Keys that the server removed because its memory was full.
    pub evicted: u64,
    /// Keys that the server removed because their time to live was over.
    pub expired: u64,
    /// Bytes of memory that the server uses.
    pub used_memory: u64,
    /// Limit of the server's memory in bytes (`maxmemory`). `None`: the server, or a master of the
    /// cluster, has no limit.
    pub max_memory: Option<u64>,
    /// Policy that chooses the keys to remove when memory is full (`maxmemory-policy`).
    pub eviction_policy: String,
    /// `true` if the server writes an append-only file, so that a restart loses at most the last
    /// second of writes with the usual settings.
    pub has_append_only_file: bool,
    /// `true` if the server could not write its last snapshot, or its append-only file, to its
    /// disk.
    pub has_failed_to_save: bool,
}

impl ServerInfo {
    /// Returns the share of look-ups that the server answered with a value, from 0 to 1. Returns 0
    /// before the first look-up.
    pub fn hit_rate(&self) -> f64 {
        share(self.hits, self.hits.saturating_add(self.misses))
    }

    /// Returns the share of its memory that the server uses, from 0 to 1. Returns `None` if the
    /// server has no limit.
    pub fn memory_use(&self) -> Option<f64> {
        self.max_memory.map(|max| share(self.used_memory, max))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of two counters")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// The error of a question that a tool for operators asks Redis, as
/// [`Cache::server_info`](crate::Cache::server_info) and [`Cache::inspect`](crate::Cache::inspect) do, or
/// that it asks other processes, as [`Cache::ask_stats`](crate::Cache::ask_stats) does.
///
/// The text for `Debug` is that for `Display`, because a `main` that returns the error shows the
/// former.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryError {
    /// The cache has no Redis.
    NoServer,
    /// Redis cannot be reached, or did not answer in time.
    Unreachable,
    /// Redis answers, and messages of other processes do not arrive, so that their answers could not
    /// arrive either.
    NoMessages,
    /// Redis refused the question with this error code. `NOPERM` means that the account lacks the
    /// right to run the command.
    Refused(String),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServer => {
                f.write_str("the cache has no Redis; set one with `redis(..)` or `REDIS_URL`")
            }
            Self::Unreachable => f.write_str("Redis cannot be reached, or did not answer in time"),
            Self::NoMessages => f.write_str(
                "messages of other processes do not arrive, so their answers could not either; try again, \
                 or ask the doctor about the bus",
            ),
            Self::Refused(code) => write!(
                f,
                "Redis refused the question with `{code}`; see the rights in docs/redis.md, such as `+info`"
            ),
        }
    }
}

impl fmt::Debug for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for QueryError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_shows_the_error_as_a_text() {
        let error: Box<dyn std::error::Error> = Box::new(QueryError::NoServer);
        let shown = "the cache has no Redis; set one with `redis(..)` or `REDIS_URL`";
        assert_eq!(format!("{error:?}"), shown);
    }

    #[test]
    fn shares_are_between_zero_and_one() {
        let mut info = ServerInfo::default();
        assert_eq!((info.hit_rate(), info.memory_use()), (0.0, None));
        (info.hits, info.misses) = (3, 1);
        (info.used_memory, info.max_memory) = (50, Some(200));
        assert_eq!((info.hit_rate(), info.memory_use()), (0.75, Some(0.25)));
    }
}
