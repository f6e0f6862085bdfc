//! Tests of settings from files and from the environment.

#[cfg(feature = "config-file")]
mod bad_files;
mod environment;
#[cfg(feature = "config-file")]
mod files;
#[cfg(feature = "config-file")]
mod functions;
#[cfg(feature = "config-file")]
mod page;
mod table;

use std::ffi::OsString;

use crate::api::settings::environment::Environment;

/// Values of all settings that differ from their defaults: the table and the key in a file, the
/// value in the file, and the value as the printed configuration shows it.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[
    ("cache", "enabled", "false", "false"),
    ("cache", "default_ttl", "\"5m30s\"", "5m30s"),
    ("cache", "memory_capacity", "\"64MiB\"", "64MiB"),
    ("cache", "engine", "\"quick-cache\"", "quick-cache"),
    ("cache", "eviction", "\"tiny-lfu\"", "tiny-lfu"),
    ("cache", "hot_keys", "100", "100"),
    ("cache", "lock_timeout", "2", "2s"),
    ("cache", "reload_every", "\"5s\"", "5s"),
    ("cache", "spans", "\"keys\"", "keys"),
    ("cache", "trace_calls", "true", "true"),
    (
        "redis",
        "url",
        "\"redis://me:secret@cache:6379/2\"",
        "redis://cache:6379/2",
    ),
    ("redis", "password", "\"secret\"", "(hidden)"),
    (
        "redis",
        "password_file",
        "\"/run/secrets/redis\"",
        "/run/secrets/redis",
    ),
    (
        "redis",
        "ca_file",
        "\"/etc/redis/ca.pem\"",
        "/etc/redis/ca.pem",
    ),
    (
        "redis",
        "cert_file",
        "\"/etc/redis/client.pem\"",
        "/etc/redis/client.pem",
    ),
    (
        "redis",
        "key_file",
        "\"/etc/redis/client.key\"",
        "/etc/redis/client.key",
    ),
    ("redis", "sentinel_user", "\"watcher\"", "(hidden)"),
    ("redis", "sentinel_password", "\"secret\"", "(hidden)"),
    (
        "redis",
        "sentinel_password_file",
        "\"/run/secrets/sentinel\"",
        "/run/secrets/sentinel",
    ),
    ("redis", "namespace", "\"shop\"", "shop"),
    ("redis", "timeout", "\"50ms\"", "50ms"),
    ("redis", "bus_timeout", "\"500ms\"", "500ms"),
    ("redis", "on_disconnect", "\"bypass\"", "bypass"),
    ("redis", "on_new_master", "\"replay\"", "replay"),
    ("redis", "intents", "false", "false"),
    ("redis", "intent", "\"1m\"", "1m"),
    ("redis", "answers", "false", "false"),
    ("redis", "codec", "\"json\"", "json"),
    ("redis", "max_value_bytes", "\"1MiB\"", "1MiB"),
    ("redis", "compress_above", "2048", "2KiB"),
    ("redis", "encryption_keys", "\"a:secret\"", "(hidden)"),
    (
        "redis",
        "encryption_keys_file",
        "\"/run/secrets/keys\"",
        "/run/secrets/keys",
    ),
    ("redis", "hash_keys", "true", "true"),
    ("redis", "compress_encrypted", "true", "true"),
    (
        "redis",
        "outbox_file",
        "\"/var/lib/shop/outbox\"",
        "/var/lib/shop/outbox",
    ),
    ("redis", "volatile_queues", "true", "true"),
    ("redis", "own_thread", "true", "true"),
];

/// Returns an environment with these variables.
fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::of(
        pairs
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value))),
    )
}
