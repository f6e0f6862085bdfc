//! Settings of a cache from environment variables.

use std::ffi::OsString;

use crate::base::error::BuildError;
use crate::model::config::{Config, parse_bytes, parse_duration};

/// Sets in `config` every setting whose environment variable is set; `get` returns a variable's
/// value. Returns an error for a value that cannot be parsed.
pub(crate) fn read(
    config: &mut Config,
    get: impl Fn(&str) -> Option<OsString>,
) -> Result<(), BuildError> {
    set(&get, "CACHE_ENABLED", parse_bool, &mut config.enabled)?;
    set(
        &get,
        "CACHE_DEFAULT_TTL",
        parse_duration,
        &mut config.default_ttl,
    )?;
    set(
        &get,
        "CACHE_MEMORY_CAPACITY",
        str::parse,
        &mut config.memory_capacity,
    )?;
    set(&get, "CACHE_ENGINE", str::parse, &mut config.engine)?;
    let eviction = |text: &str| text.parse().map(Some);
    set(&get, "CACHE_EVICTION", eviction, &mut config.eviction)?;
    set(
        &get,
        "CACHE_LOCK_TIMEOUT",
        parse_duration,
        &mut config.lock_timeout,
    )?;
    set(
        &get,
        "CACHE_NAMESPACE",
        |text| Ok(text.trim().to_owned()),
        &mut config.namespace,
    )?;
    set(
        &get,
        "CACHE_REDIS_TIMEOUT",
        parse_duration,
        &mut config.redis_timeout,
    )?;
    let codec = |text: &str| text.parse().map(Some);
    set(&get, "CACHE_CODEC", codec, &mut config.codec)?;
    set(
        &get,
        "CACHE_MAX_VALUE_BYTES",
        parse_bytes,
        &mut config.max_value_bytes,
    )?;
    set(
        &get,
        "CACHE_COMPRESS_ABOVE",
        |text| parse_bytes(text).map(Some),
        &mut config.compress_above,
    )?;
    if get("CACHEKIT_CONFIG").is_some_and(|value| !value.is_empty()) {
        // Without this error, a user would believe that the cache reads the configuration file.
        return Err(BuildError::setting(
            "CACHEKIT_CONFIG",
            "is set, but this version reads no configuration file",
            "unset it, and use the other variables or `Cache::builder()`",
        ));
    }
    Ok(())
}

/// Reads the environment variable `name` into `setting`. An error does not repeat the value,
/// because the value may contain a password.
pub(crate) fn read_text(
    get: impl Fn(&str) -> Option<OsString>,
    name: &str,
    setting: &mut Option<String>,
) -> Result<(), BuildError> {
    let Some(value) = get(name).filter(|value| !value.is_empty()) else {
        return Ok(());
    };
    let text = value.into_string().map_err(|_| {
        BuildError::setting(
            name,
            "is not UTF-8",
            "percent-encode the bytes that are not",
        )
    })?;
    *setting = Some(text);
    Ok(())
}

fn set<T>(
    get: impl Fn(&str) -> Option<OsString>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
    setting: &mut T,
) -> Result<(), BuildError> {
    let Some(value) = get(name) else {
        return Ok(());
    };
    let value = value.to_string_lossy();
    if value.trim().is_empty() {
        return Ok(());
    }
    *setting = parse(&value).map_err(|expected| {
        BuildError::setting(name, format!("cannot read `{value}`"), expected)
    })?;
    Ok(())
}

fn parse_bool(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::config::duration_text::CASES as LENGTHS;
    use crate::model::config::engine::{Engine, Eviction};
    use crate::model::config::{Capacity, SIZES};

    fn read_from(pairs: &[(&str, &str)]) -> Result<Config, BuildError> {
        let mut config = Config::default();
        read(&mut config, |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })?;
        Ok(config)
    }

    #[test]
    fn every_variable_is_read() {
        let config = read_from(&[
            ("CACHE_ENABLED", "false"),
            ("CACHE_DEFAULT_TTL", "5m"),
            ("CACHE_MEMORY_CAPACITY", "64MB"),
            ("CACHE_ENGINE", "quick-cache"),
            ("CACHE_EVICTION", "tiny-lfu"),
            ("CACHE_LOCK_TIMEOUT", "2"),
            ("CACHE_NAMESPACE", "shop"),
            ("CACHE_REDIS_TIMEOUT", "50ms"),
            ("CACHE_CODEC", "json"),
            ("CACHE_MAX_VALUE_BYTES", "1000"),
            ("CACHE_COMPRESS_ABOVE", "2048"),
        ])
        .unwrap();
        assert!(!config.enabled);
        assert_eq!(config.default_ttl, Duration::from_secs(300));
        assert_eq!(config.memory_capacity, Capacity::bytes(64 << 20));
        assert_eq!(config.engine, Engine::QuickCache);
        assert_eq!(config.eviction, Some(Eviction::TinyLfu));
        assert_eq!(config.lock_timeout, Duration::from_secs(2));
        assert_eq!(config.namespace, "shop");
        assert_eq!(config.redis_timeout, Duration::from_millis(50));
        assert_eq!(config.codec, Some(crate::encoding::codec::Codec::Json));
        assert_eq!(config.max_value_bytes, 1_000);
        assert_eq!(config.compress_above, Some(2_048));
    }

    /// Checks that all environment variables for a duration accept the same texts.
    #[test]
    fn every_length_is_read_alike() {
        type Of = fn(&Config) -> Duration;
        let variables: [(&str, Of); 3] = [
            ("CACHE_DEFAULT_TTL", |config| config.default_ttl),
            ("CACHE_LOCK_TIMEOUT", |config| config.lock_timeout),
            ("CACHE_REDIS_TIMEOUT", |config| config.redis_timeout),
        ];
        for (name, of) in variables {
            for (text, expected) in LENGTHS {
                let found = read_from(&[(name, text)]).map(|config| of(&config));
                match expected {
                    Ok(millis) => {
                        let length = Duration::from_millis(*millis);
                        assert_eq!(found.ok(), Some(length), "{name}={text}");
                    }
                    Err(reason) => {
                        let said = found.unwrap_err().to_string();
                        assert!(said.contains(reason) && said.contains(name), "{said}");
                    }
                }
            }
        }
    }

    /// Checks that all environment variables for a number of bytes accept the same texts.
    #[test]
    fn every_size_is_read_alike() {
        type Of = fn(&Config) -> u64;
        let variables: [(&str, Of); 3] = [
            ("CACHE_MEMORY_CAPACITY", |config| {
                config.memory_capacity.amount
            }),
            ("CACHE_MAX_VALUE_BYTES", |config| {
                config.max_value_bytes as u64
            }),
            ("CACHE_COMPRESS_ABOVE", |config| {
                config.compress_above.map_or(0, |it| it as u64)
            }),
        ];
        for (name, of) in variables {
            for (text, expected) in SIZES {
                let found = read_from(&[(name, text)]).map(|config| of(&config));
                if expected.is_some() {
                    assert_eq!(found.ok(), *expected, "{name}={text}");
                } else {
                    let said = found.unwrap_err().to_string();
                    assert!(said.contains(name) && said.contains("512K"), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_bad_value_names_the_variable_and_what_is_expected() {
        let error = read_from(&[("CACHE_MEMORY_CAPACITY", "10 apples")]).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("CACHE_MEMORY_CAPACITY") && said.contains("10 apples"),
            "{said}"
        );
        assert!(said.contains("64MB"), "{said}");
    }

    #[test]
    fn what_cannot_be_honoured_is_an_error() {
        let error = read_from(&[("CACHEKIT_CONFIG", "cachekit.toml")]).unwrap_err();
        assert!(error.to_string().contains("no configuration file"));
    }
}
