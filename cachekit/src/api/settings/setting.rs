//! The table of all settings of a cache.

use crate::api::settings::kind::Kind;
use crate::encoding::encryption::keys::secret_text;
use crate::model::config::key_source::KeySource;
use crate::model::config::secret::{
    RedisUrl, User, parse_password, parse_password_file, shown_password, shown_password_file,
};
use crate::model::config::text::{
    parse_count, parse_flag, parse_path, shown_length, shown_path, shown_size,
};
use crate::model::config::{Config, parse_bytes, parse_duration};

/// A setting of a cache.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Table of the setting in a configuration file: `cache` or `redis`.
    pub(crate) table: &'static str,
    /// Key of the setting in its table.
    pub(crate) key: &'static str,
    /// Environment variable of the setting.
    pub(crate) variable: &'static str,
    /// Method of the builder, by which messages name the setting.
    pub(crate) method: &'static str,
    pub(crate) kind: Kind,
    /// Sets the setting to the value of a text. An `Err` says what is expected.
    pub(crate) read: fn(&mut Config, &str) -> Result<(), String>,
    /// Returns the text of the setting's value, as `read` reads it. Empty: it has no value. A
    /// secret is not shown.
    pub(crate) show: fn(&Config) -> String,
}

/// Returns a row: the table and the key in a file, the environment variable, the method of the
/// builder, the kind, and the parser and the text of the field in [`Config`].
macro_rules! setting {
    ($table:literal $key:literal, $variable:literal, $method:literal, $kind:ident,
     $field:ident = $read:expr, $show:expr) => {
        Setting {
            table: $table,
            key: $key,
            variable: $variable,
            method: $method,
            kind: Kind::$kind,
            read: |config, text| {
                config.$field = ($read)(text)?;
                Ok(())
            },
            show: |config| ($show)(&config.$field),
        }
    };
}

/// All settings. The order is that of the printed configuration.
pub(crate) const SETTINGS: &[Setting] = &[
    setting!("cache" "enabled", "CACHE_ENABLED", "enabled", Flag,
        enabled = parse_flag, bool::to_string),
    setting!("cache" "default_ttl", "CACHE_DEFAULT_TTL", "default_ttl", Length,
        default_ttl = parse_duration, |it: &_| shown_length(*it)),
    setting!("cache" "memory_capacity", "CACHE_MEMORY_CAPACITY", "memory_capacity", Size,
        memory_capacity = str::parse, ToString::to_string),
    setting!("cache" "engine", "CACHE_ENGINE", "engine", Text,
        engine = str::parse, ToString::to_string),
    setting!("cache" "eviction", "CACHE_EVICTION", "eviction", Text,
        eviction = |text: &str| text.parse().map(Some), shown),
    setting!("cache" "hot_keys", "CACHE_HOT_KEYS", "hot_keys", Count,
        hot_keys = parse_count, ToString::to_string),
    setting!("cache" "lock_timeout", "CACHE_LOCK_TIMEOUT", "lock_timeout", Length,
        lock_timeout = parse_duration, |it: &_| shown_length(*it)),
    setting!("cache" "reload_every", "CACHE_RELOAD_EVERY", "reload_every", Length,
        reload_every = |text: &str| parse_duration(text).map(Some),
        |it: &Option<_>| it.map_or_else(String::new, shown_length)),
    setting!("cache" "spans", "CACHE_SPANS", "spans", WordOrFlag,
        spans = str::parse, ToString::to_string),
    setting!("cache" "trace_calls", "CACHE_TRACE_CALLS", "trace_calls", Flag,
        trace_calls = parse_flag, bool::to_string),
    setting!("redis" "url", "REDIS_URL", "redis", Secret,
    redis = |text: &str| {
        // `none` says that there is none, also if the file or the builder has one.
        let is_none = text.trim().eq_ignore_ascii_case("none");
        Ok::<_, String>((!is_none).then(|| RedisUrl(text.to_owned())))
    }, |it: &Option<RedisUrl>| it.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
    setting!("redis" "password", "REDIS_PASSWORD", "redis_password", Secret,
        redis_password = parse_password, shown_password),
    setting!("redis" "password_file", "REDIS_PASSWORD_FILE", "redis_password_file", Text,
        redis_password = parse_password_file, shown_password_file),
    setting!("redis" "ca_file", "REDIS_CA_FILE", "redis_ca_file", Text,
        redis_ca_file = parse_path, shown_path),
    setting!("redis" "cert_file", "REDIS_CERT_FILE", "redis_cert_file", Text,
        redis_cert_file = parse_path, shown_path),
    setting!("redis" "key_file", "REDIS_KEY_FILE", "redis_key_file", Text,
        redis_key_file = parse_path, shown_path),
    setting!("redis" "sentinel_user", "REDIS_SENTINEL_USER", "sentinel_user", Secret,
    sentinel_user = |text: &str| Ok::<_, String>(Some(User(text.to_owned()))),
    |it: &Option<User>| it.as_ref().map_or_else(String::new, |_| "(hidden)".to_owned())),
    setting!("redis" "sentinel_password", "REDIS_SENTINEL_PASSWORD", "sentinel_password", Secret,
        sentinel_password = parse_password, shown_password),
    setting!("redis" "sentinel_password_file", "REDIS_SENTINEL_PASSWORD_FILE", "sentinel_password_file", Text,
        sentinel_password = parse_password_file, shown_password_file),
    setting!("redis" "namespace", "CACHE_NAMESPACE", "namespace", Text,
        namespace = |text: &str| Ok::<_, String>(text.trim().to_owned()), ToString::to_string),
    setting!("redis" "timeout", "CACHE_REDIS_TIMEOUT", "redis_timeout", Length,
        redis_timeout = parse_duration, |it: &_| shown_length(*it)),
    setting!("redis" "bus_timeout", "CACHE_BUS_TIMEOUT", "bus_timeout", Length,
        bus_timeout = parse_duration, |it: &_| shown_length(*it)),
    setting!("redis" "on_disconnect", "CACHE_ON_DISCONNECT", "on_disconnect", Length,
        on_disconnect = str::parse, ToString::to_string),
    setting!("redis" "on_new_master", "CACHE_ON_NEW_MASTER", "on_new_master", Text,
        on_new_master = str::parse, ToString::to_string),
    setting!("redis" "intents", "CACHE_INTENTS", "intents", Flag,
        intents = parse_flag, bool::to_string),
    setting!("redis" "intent", "CACHE_INTENT", "intent", Length,
        intent = parse_duration, |it: &_| shown_length(*it)),
    setting!("redis" "answers", "CACHE_ANSWERS", "answers", Flag,
        answers = parse_flag, bool::to_string),
    setting!("redis" "codec", "CACHE_CODEC", "codec", Text,
        codec = |text: &str| text.parse().map(Some), shown),
    setting!("redis" "max_value_bytes", "CACHE_MAX_VALUE_BYTES", "max_value_bytes", Size,
        max_value_bytes = parse_bytes, |it: &usize| shown_size(*it as u64)),
    setting!("redis" "compress_above", "CACHE_COMPRESS_ABOVE", "compress_above", Size,
        compress_above = |text: &str| parse_bytes(text).map(Some),
        |it: &Option<usize>| it.map_or_else(String::new, |bytes| shown_size(bytes as u64))),
    setting!("redis" "encryption_keys", "CACHE_ENCRYPTION_KEYS", "encryption", Secret,
    encryption = |text: &str| Ok::<_, String>(Some(KeySource::Text(secret_text(text.to_owned())))),
    |it: &Option<KeySource>| match it {
        Some(source) if source.file().is_none() => "(hidden)".to_owned(),
        _ => String::new(),
    }),
    setting!("redis" "encryption_keys_file", "CACHE_ENCRYPTION_KEYS_FILE", "encryption_keys_file", Text,
    encryption = |text: &str| Ok::<_, String>(Some(KeySource::File(text.into()))),
    |it: &Option<KeySource>| {
        let file = it.as_ref().and_then(KeySource::file);
        file.map_or_else(String::new, |path| path.display().to_string())
    }),
    setting!("redis" "hash_keys", "CACHE_HASH_KEYS", "hash_keys", Flag,
        hash_keys = parse_flag, bool::to_string),
    setting!("redis" "compress_encrypted", "CACHE_COMPRESS_ENCRYPTED", "compress_encrypted", Flag,
        compress_encrypted = parse_flag, bool::to_string),
    setting!("redis" "outbox_file", "CACHE_OUTBOX_FILE", "outbox_file", Text,
        outbox_file = parse_path, shown_path),
    setting!("redis" "volatile_queues", "CACHE_VOLATILE_QUEUES", "volatile_queues", Flag,
        volatile_queues = parse_flag, bool::to_string),
    setting!("redis" "own_thread", "CACHE_OWN_THREAD", "own_thread", Flag,
        own_thread = parse_flag, bool::to_string),
];

/// Name of the environment variable with the path of the configuration file.
pub(crate) const CONFIG_VARIABLE: &str = "CACHEKIT_CONFIG";

#[expect(clippy::ref_option, reason = "the rows give a reference to the field")]
fn shown<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(String::new, ToString::to_string)
}
