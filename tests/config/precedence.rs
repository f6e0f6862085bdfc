//! Precedence of the environment, the file and the builder, and errors that name the place.

use std::ffi::OsString;
use std::time::Duration;

use cachekit::{Cache, ConfigOrigin};

use crate::{File, entry, is_line};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn the_environment_is_over_the_file_and_the_file_over_the_builder() {
    let text = "[cache]\nlock_timeout = \"2s\"\nhot_keys = 7\n[redis]\nnamespace = \"of-file\"\n";
    let file = File::new(text);
    let variables = [
        ("CACHEKIT_CONFIG".into(), file.path().into_os_string()),
        ("CACHE_LOCK_TIMEOUT".into(), OsString::from("1s")),
    ];
    // Whatever is called last, the order is the same.
    let cache = Cache::builder()
        .__with_variables(variables)
        .from_file("not-read.toml")
        .lock_timeout(3 * SECOND)
        .hot_keys(8)
        .default_ttl(9 * SECOND)
        .build();
    let cache = cache.await.expect("a right file");
    let shown = |section, name| {
        let entry = entry(&cache, section, name);
        (entry.value, entry.origin)
    };
    let of_environment = ConfigOrigin::Environment("CACHE_LOCK_TIMEOUT".to_owned());
    assert_eq!(
        shown("cache", "lock_timeout"),
        ("1s".to_owned(), of_environment)
    );
    let (hot_keys, origin) = shown("cache", "hot_keys");
    assert!(hot_keys == "7" && is_line(&origin, 3), "{origin}");
    let (namespace, origin) = shown("redis", "namespace");
    assert!(namespace == "of-file" && is_line(&origin, 5), "{origin}");
    assert_eq!(
        shown("cache", "default_ttl"),
        ("9s".to_owned(), ConfigOrigin::Builder)
    );
    assert_eq!(
        shown("redis", "timeout"),
        ("100ms".to_owned(), ConfigOrigin::Default)
    );
    let table = cache.config().to_string();
    assert!(
        table.lines().any(|line| {
            line.split_whitespace().collect::<Vec<_>>()
                == ["cache.lock_timeout", "1s", "CACHE_LOCK_TIMEOUT"]
        }),
        "{table}"
    );
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_named_with_its_place() {
    let file = File::new("[cache]\n\nlock_timeout = 0\n");
    let error = file.builder().build().await.expect_err("zero");
    let said = error.to_string();
    let path = file.path().display().to_string();
    assert!(
        said.starts_with(&format!("lock_timeout ({path}:3): is zero; give")),
        "{said}"
    );
    let variables = [("CACHE_BUS_TIMEOUT".into(), "1ms".into())];
    let error = Cache::builder().__with_variables(variables).build().await;
    let said = error.expect_err("short").to_string();
    assert!(
        said.starts_with("bus_timeout (CACHE_BUS_TIMEOUT): is 1ms; give"),
        "{said}"
    );
    let error = Cache::builder().reload_every(SECOND).build().await;
    let said = error.expect_err("no file").to_string();
    assert!(
        said.starts_with("reload_every: the cache has no configuration file; "),
        "{said}"
    );
    let error = Cache::builder()
        .from_file("no-such-file.toml")
        .build()
        .await;
    let said = error.expect_err("no file").to_string();
    assert!(
        said.starts_with("no-such-file.toml: cannot be read: "),
        "{said}"
    );
}

#[tokio::test]
async fn a_main_that_returns_the_error_shows_the_text() {
    let file = File::new("[cache]\ndefault_tll = 5\n");
    let error = file.builder().build().await.expect_err("a mistake");
    let shown = error.to_string();
    let boxed: Box<dyn std::error::Error> = Box::new(error);
    assert_eq!(format!("{boxed:?}"), shown);
    assert!(
        shown.ends_with(":2: unknown key `default_tll` in `[cache]`; did you mean `default_ttl`?")
    );
}

#[tokio::test]
async fn the_configuration_serialises() {
    let cache = Cache::builder().redis_password("hunter2").build().await;
    let config = cache.expect("no Redis").config();
    let json = serde_json::to_value(&config).expect("JSON");
    assert_eq!(json["settings"][0]["name"], "enabled");
    assert_eq!(json["settings"][0]["origin"], "default");
    let shown = format!("{config}{config:?}{json}");
    assert!(
        shown.contains("(hidden)") && !shown.contains("hunter2"),
        "{shown}"
    );
}
