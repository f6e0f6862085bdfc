//! The check of a builder's settings.

use std::time::Duration;

use crate::api::builder::CacheBuilder;
use crate::api::registry;
use crate::base::durations::cut;
use crate::base::error::BuildError;
use crate::base::fault::removed;
use crate::encoding::compress;
use crate::l2::open_writes::open_write::SHORTEST_INTENT;
use crate::model::config::OnDisconnect;
use crate::model::config::engine::Engine;
use crate::model::config::secret::RedisUrl;
use crate::model::config::spans::Spans;

/// The shortest `bus_timeout`.
const SHORTEST_BUS_TIMEOUT: Duration = Duration::from_millis(20);

/// Largest number of counted hot keys. With more keys, the search for the lowest count would take
/// longer than a call.
const MOST_HOT_KEYS: usize = 1 << 20;

impl CacheBuilder {
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let zero = |name: &str, remedy: &str| Err(BuildError::setting(name, "is zero", remedy));
        if self.config.memory_capacity.amount == 0 {
            return zero(
                "memory_capacity",
                "give at least 1, or turn the cache off with `enabled(false)`",
            );
        }
        self.check_engine()?;
        if self.config.default_ttl.is_zero() {
            return zero(
                "default_ttl",
                "give a longer time to live, or turn the cache off with `enabled(false)`",
            );
        }
        if self.config.hot_keys > MOST_HOT_KEYS {
            return Err(BuildError::setting(
                "hot_keys",
                format!("is {}", self.config.hot_keys),
                format!("give at most {MOST_HOT_KEYS}"),
            ));
        }
        if self.config.lock_timeout.is_zero() {
            return zero(
                "lock_timeout",
                "give at least as long as a computation may take",
            );
        }
        self.check_shortest()?;
        if self.config.reload_every.is_some_and(|it| it.is_zero()) {
            return zero(
                "reload_every",
                "give at least some seconds, or remove the setting",
            );
        }
        if self.config.redis_timeout.is_zero() {
            return zero(
                "redis_timeout",
                "give at least as long as a network round trip takes",
            );
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let namespace = &self.config.namespace;
        if namespace.is_empty() || namespace.len() > 64 || !namespace.chars().all(is_plain) {
            return Err(BuildError::setting(
                "namespace",
                format!("cannot be `{namespace}`"),
                "give 1 to 64 letters, digits, `-`, `_` and `.`",
            ));
        }
        if self.config.outbox_file.is_some() && !self.is_shared() {
            return Err(BuildError::setting(
                "outbox_file",
                "the cache has no Redis",
                "remove the setting, or give a Redis with `redis`",
            ));
        }
        self.check_of_redis()?;
        self.check_features()
    }

    /// Checks the settings that have an effect only with some addresses of Redis: a certificate that
    /// nobody checks, or a password that is sent to nobody, is a mistake.
    fn check_of_redis(&self) -> Result<(), BuildError> {
        let config = &self.config;
        let url = config.redis.as_ref();
        let files = [
            ("redis_ca_file", config.redis_ca_file.is_some()),
            ("redis_cert_file", config.redis_cert_file.is_some()),
            ("redis_key_file", config.redis_key_file.is_some()),
        ];
        let of_sentinels = [
            ("sentinel_user", config.sentinel_user.is_some()),
            ("sentinel_password", config.sentinel_password.is_some()),
        ];
        for (names, is_of_use, problem, remedy) in [
            (
                &files[..],
                url.is_some_and(RedisUrl::is_tls),
                "is set, but the connection to Redis is not encrypted",
                "give an address such as `rediss://host:6379`, or remove the setting",
            ),
            (
                &of_sentinels[..],
                url.is_some_and(RedisUrl::is_of_sentinels),
                "is set, but the address of Redis names no sentinels",
                "give `redis+sentinel://host:26379/mymaster`, or remove the setting",
            ),
        ] {
            let set = names.iter().find(|(_, is_set)| *is_set);
            if let Some((name, _)) = set.filter(|_| url.is_some() && !is_of_use) {
                return Err(BuildError::setting(*name, problem, remedy));
            }
        }
        let half = match (&config.redis_cert_file, &config.redis_key_file) {
            (Some(_), None) => Some(("redis_cert_file", "redis_key_file")),
            (None, Some(_)) => Some(("redis_key_file", "redis_cert_file")),
            _ => None,
        };
        half.map_or(Ok(()), |(name, other)| {
            let problem = format!("is set, and `{other}` is not");
            let remedy = "set both, or none: a certificate needs its private key";
            Err(BuildError::setting(name, problem, remedy))
        })
    }

    /// Checks the lengths of time within which a few round trips to Redis must fit.
    fn check_shortest(&self) -> Result<(), BuildError> {
        let config = &self.config;
        for (name, length, shortest) in [
            ("bus_timeout", config.bus_timeout, SHORTEST_BUS_TIMEOUT),
            ("intent", config.intent, SHORTEST_INTENT),
        ] {
            if length < shortest {
                let millis = shortest.as_millis();
                return Err(BuildError::setting(
                    name,
                    format!("is {length:?}"),
                    format!("give at least {millis} milliseconds: a few round trips must fit"),
                ));
            }
        }
        Ok(())
    }

    /// Returns `true` if the cache is to have an L2.
    pub(crate) fn is_shared(&self) -> bool {
        let is_shared = self.config.redis.is_some();
        #[cfg(any(feature = "testing", cachekit_faults))]
        let is_shared = is_shared || self.fake.is_some();
        is_shared
    }

    /// Checks for functions with the same name or with overlapping keys. With L2, returns an error,
    /// because an entry in L2 is recognised by the name of its function. In memory alone such
    /// functions do no harm, so a warning is logged.
    pub(crate) fn check_functions(&self) -> Result<(), BuildError> {
        let is_shared = self.is_shared() && !removed!(self, ShareNames);
        match registry::problems() {
            [] => Ok(()),
            problems if is_shared => Err(BuildError::functions(problems.to_vec())),
            _ => {
                registry::log_problems();
                Ok(())
            }
        }
    }

    /// Cuts every duration in the settings to a hundred years, the longest that is supported.
    pub(crate) fn cut(&mut self) {
        let config = &mut self.config;
        for length in [
            &mut config.default_ttl,
            &mut config.lock_timeout,
            &mut config.redis_timeout,
            &mut config.bus_timeout,
            &mut config.intent,
        ] {
            *length = cut(*length);
        }
        if let Some(interval) = &mut config.reload_every {
            *interval = cut(*interval);
        }
        if let OnDisconnect::ServeFor(length) = &mut config.on_disconnect {
            *length = cut(*length);
        }
    }

    fn check_features(&self) -> Result<(), BuildError> {
        if let Some(codec) = self.config.codec.filter(|codec| !codec.is_available()) {
            return Err(BuildError::setting(
                "codec",
                format!("this build lacks the codec `{codec}`"),
                format!("enable the feature `{codec}` of cachekit"),
            ));
        }
        if self.config.compress_above.is_some() && !compress::is_available() {
            return Err(BuildError::setting(
                "compress_above (CACHE_COMPRESS_ABOVE)",
                "this build cannot compress",
                "enable the feature `lz4` of cachekit, or remove the setting",
            ));
        }
        let remedy = "enable the feature `tracing` of cachekit, or remove the setting";
        if self.config.spans != Spans::Off && cfg!(not(feature = "tracing")) {
            let problem = "this build cannot make spans";
            return Err(BuildError::setting("spans", problem, remedy));
        }
        if self.config.trace_calls && cfg!(not(feature = "tracing")) {
            let problem = "this build writes no log";
            return Err(BuildError::setting("trace_calls", problem, remedy));
        }
        Ok(())
    }

    fn check_engine(&self) -> Result<(), BuildError> {
        let engine = self.config.engine;
        if !engine.is_available() {
            return Err(BuildError::setting(
                "engine (CACHE_ENGINE)",
                format!("this build lacks the engine `{engine}`"),
                "enable the feature `quick_cache` of cachekit, or use `moka`",
            ));
        }
        if engine != Engine::Moka && self.config.eviction.is_some() {
            return Err(BuildError::setting(
                "eviction (CACHE_EVICTION)",
                format!("the engine `{engine}` has a fixed policy"),
                "remove the setting, or use the engine `moka`",
            ));
        }
        Ok(())
    }
}
