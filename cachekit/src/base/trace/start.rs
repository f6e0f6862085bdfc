//! Log messages about the start of a cache.

use std::fmt;

/// Facts about a cache that starts, for the log.
pub(crate) struct Start<'a> {
    /// `false` if the cache is turned off (`enabled`).
    pub(crate) is_enabled: bool,
    /// Address of the shared tier, without a login, or `(fake)`. `None`: the cache has memory only.
    pub(crate) redis: Option<&'a dyn fmt::Display>,
    pub(crate) namespace: &'a str,
    /// Path of the configuration file. `None`: the cache has none.
    pub(crate) file: Option<&'a str>,
    /// Variables of the environment that set a setting, as `NAME=VALUE`, without secrets.
    pub(crate) environment: &'a [String],
}

/// Reports the start of a cache, which has connected to Redis or will try again.
pub(crate) fn starting(start: &Start<'_>) {
    let (tier, address) = match start.redis {
        Some(address) => ("memory+redis", address.to_string()),
        None => ("memory", "none".to_owned()),
    };
    let file = start.file.unwrap_or("none");
    let (namespace, environment) = (start.namespace, start.environment);
    if start.is_enabled {
        event!(
            info,
            tier = tier,
            redis = address,
            namespace = namespace,
            file = file,
            environment = ?environment,
            "the cache starts"
        );
    } else {
        event!(
            info,
            tier = tier,
            redis = address,
            namespace = namespace,
            file = file,
            environment = ?environment,
            "the cache starts, turned off by `enabled`: every call runs its function"
        );
    }
}

/// Reports that the process uses a global cache with the default settings, because the program has
/// not called `init` before.
pub(crate) fn default_cache() {
    event!(
        info,
        "the global cache was used before `cachekit::init`: it has the default settings, memory only"
    );
}

/// Reports a cache that is set up from the environment, and has no Redis. Such a program usually
/// runs in several processes, which then share nothing.
pub(crate) fn not_shared() {
    event!(
        warn,
        "the cache is set up by `CACHE_*` variables and has no Redis: an invalidation reaches this process \
         only. For several processes set `REDIS_URL`; for a single one set `REDIS_URL=none`"
    );
}
