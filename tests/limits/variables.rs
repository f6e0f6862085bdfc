//! Settings from the environment.

use std::ffi::OsString;

use cachekit::testing::FakeStore;
use cachekit::{Cache, CacheBuilder, Policy};

use crate::{assert_same, exercise, read};

/// Those that are read as numbers or lengths.
const NUMBERS: &[&str] = &[
    "CACHE_DEFAULT_TTL",
    "CACHE_MEMORY_CAPACITY",
    "CACHE_LOCK_TIMEOUT",
    "CACHE_REDIS_TIMEOUT",
    "CACHE_MAX_VALUE_BYTES",
    "CACHE_COMPRESS_ABOVE",
    "CACHE_HOT_KEYS",
    "CACHE_BUS_TIMEOUT",
    "CACHE_ON_DISCONNECT",
    "CACHE_INTENT",
];

const WITHOUT_NUMBERS: &[&str] = &[
    "CACHE_ENABLED",
    "CACHE_ENGINE",
    "CACHE_EVICTION",
    "CACHE_NAMESPACE",
    "CACHE_CODEC",
    "CACHEKIT_CONFIG",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "REDIS_PASSWORD_FILE",
    "REDIS_CA_FILE",
    "REDIS_CERT_FILE",
    "REDIS_KEY_FILE",
    "REDIS_SENTINEL_USER",
    "REDIS_SENTINEL_PASSWORD",
    "REDIS_SENTINEL_PASSWORD_FILE",
    "CACHE_ON_NEW_MASTER",
    "CACHE_INTENTS",
    "CACHE_ANSWERS",
    "CACHE_ENCRYPTION_KEYS",
    "CACHE_ENCRYPTION_KEYS_FILE",
    "CACHE_HASH_KEYS",
    "CACHE_COMPRESS_ENCRYPTED",
    "CACHE_OUTBOX_FILE",
    "CACHE_OWN_THREAD",
    "CACHE_VOLATILE_QUEUES",
    "CACHE_SPANS",
    "CACHE_TRACE_CALLS",
    // Needs a file.
    "CACHE_RELOAD_EVERY",
];

const VALUES: &[&str] = &[
    "0",
    "1",
    "1ms",
    "0s",
    "1b",
    "18446744073709551615",
    "18446744073709551616",
    "18446744073709551615s",
    "18446744073709551615ms",
    "18446744073709551615d",
    "18446744073709551615b",
    "18446744073709551615gb",
    "213503982334d",
    "-1",
];

/// The variables that the code names.
fn named() -> Vec<String> {
    let text = read("cachekit/src/api/settings/setting.rs");
    let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let is_ours = |word: &&str| {
        let prefixes = ["CACHE_", "CACHEKIT_", "REDIS_"];
        prefixes
            .iter()
            .any(|it| word.starts_with(it) && word.len() > it.len())
    };
    words.filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn the_table_has_every_variable() {
    let listed = NUMBERS.iter().chain(WITHOUT_NUMBERS);
    assert_same(listed.map(|name| (*name).to_owned()).collect(), named());
}

#[tokio::test(start_paused = true)]
async fn each_is_rejected_with_a_message_or_works() {
    let policy = Policy::new().tag("all");
    let mut built = 0;
    for name in NUMBERS {
        for value in VALUES {
            let variable = || [(OsString::from(name), OsString::from(value))];
            let builder = || Cache::builder().__with_variables(variable());
            for builder in [builder(), builder().__store(FakeStore::new())] {
                built += usize::from(at(name, value, builder, &policy).await);
            }
        }
    }
    assert!(built > NUMBERS.len() * 4, "{built}");
}

async fn at(name: &str, value: &str, builder: CacheBuilder, policy: &Policy) -> bool {
    match builder.build().await {
        Ok(cache) => {
            exercise(&cache, policy).await;
            true
        }
        Err(error) => {
            let told = error.to_string();
            let setting = name.trim_start_matches("CACHE_").to_lowercase();
            let names_it = told.contains(name) || told.contains(&setting);
            assert!(names_it && told.contains("; "), "{name}={value}: {told}");
            false
        }
    }
}
