//! Settings of the encryption that cannot be honoured.

use std::fs;

use cachekit::{CacheBuilder, EncryptionKeys, Policy, Tier};
use cachekit_tests::redis::Redis;

use crate::world::{built, bytes, clear, keys, shows, stored, with};

async fn error(builder: CacheBuilder) -> String {
    builder.build().await.expect_err("not valid").to_string()
}

#[tokio::test]
async fn bad_keys_are_an_error_that_shows_no_key() {
    let redis = Redis::start();
    let secret = "0b".repeat(32);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("keys");
    let in_file = |text: &str| {
        fs::write(&path, text).expect("it is written");
        clear(&redis).encryption_keys_file(&path)
    };
    let cases = [
        (in_file(&secret), "encryption_keys_file"),
        (in_file(&format!("a:{secret}0b")), "encryption_keys_file"),
    ];
    for (builder, name) in cases {
        let told = error(builder).await;
        assert!(told.starts_with(name) && !told.contains("0b0b"), "{told}");
        assert!(told.contains("; write keys"), "{told}");
    }
    for (keys, part) in [
        (EncryptionKeys::new("", [1; 32]), "has another form"),
        (EncryptionKeys::new("a b", [1; 32]), "has another form"),
        (
            EncryptionKeys::new("12345678901234567", [1; 32]),
            "has another form",
        ),
        (EncryptionKeys::new("names", [1; 32]), "`names`"),
        (EncryptionKeys::new("a", [0; 32]), "zeros"),
        (
            EncryptionKeys::new("a", [1; 32]).and_old("a", [2; 32]),
            "two keys",
        ),
        (EncryptionKeys::new("a", [1; 32]).names([0; 32]), "zeros"),
    ] {
        let told = error(with(&redis, keys)).await;
        assert!(
            told.starts_with("encryption") && told.contains(part),
            "{told}"
        );
    }
    let missing = clear(&redis).encryption_keys_file(folder.path().join("missing"));
    assert!(error(missing).await.contains("cannot read"));
}

#[test]
fn a_builder_shows_no_key() {
    let settings = CacheBuilder::encryption(cachekit::Cache::builder(), keys());
    let shown = format!("{settings:?}");
    assert!(
        shown.contains("EncryptionKeys { ids: [\"one\"], names: true }"),
        "{shown}"
    );
    assert!(
        !shown.contains("1, 1") && !shown.contains("9, 9"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_file_has_the_keys() {
    let redis = Redis::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("keys");
    let text = format!(
        "# of the shop\none:{}\nnames:{}\n",
        "01".repeat(32),
        "09".repeat(32)
    );
    fs::write(&path, text).expect("it is written");
    let cache = built(clear(&redis).encryption_keys_file(&path).hash_keys(true)).await;
    let other = built(with(&redis, keys()).hash_keys(true)).await;
    cache.put("a", 1_u64, &Policy::new()).await;
    assert_eq!(other.get::<u64>("a").await, Some(1));
    assert!(!cache.config().to_string().contains("0101"));
}

#[tokio::test]
async fn settings_that_need_keys_are_an_error_without_them() {
    let redis = Redis::start();
    let told = error(clear(&redis).hash_keys(true)).await;
    assert!(told.starts_with("hash_keys"), "{told}");
    let told = error(clear(&redis).compress_encrypted(true)).await;
    assert!(told.starts_with("compress_encrypted"), "{told}");
    let nameless = EncryptionKeys::new("a", [1; 32]);
    let told = error(with(&redis, nameless).hash_keys(true)).await;
    assert!(
        told.starts_with("hash_keys") && told.contains("`names`"),
        "{told}"
    );
}

#[tokio::test]
async fn a_function_that_must_be_encrypted_is_an_error_without_keys() {
    let redis = Redis::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cache.toml");
    let options = "[functions.\"notes::get\"]\nencrypt = true\n";
    fs::write(&path, options).expect("it is written");
    let told = error(clear(&redis).from_file(&path)).await;
    let parts = ["encryption (CACHE_ENCRYPTION_KEYS)", "`notes::get`"];
    assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    built(with(&redis, keys()).from_file(&path)).await;
    // Nothing leaves the process.
    built(cachekit_tests::builder().from_file(&path)).await;
}

/// A policy is made at run time: the value stays in memory.
#[tokio::test]
async fn a_value_that_must_be_encrypted_is_not_stored_without_keys() {
    let redis = Redis::start();
    let cache = built(clear(&redis)).await;
    let policy = Policy::new().encrypt(true);
    cache.put("a", 1_u64, &policy).await;
    assert_eq!(redis.client().int(&["EXISTS", "shop:k:a"]), 0);
    assert!(cache.stats().redis.unstorable > 0);
}

#[tokio::test]
async fn an_encrypted_value_is_compressed_only_where_that_is_allowed() {
    for allowed in [false, true] {
        let redis = Redis::start();
        let settings = with(&redis, keys()).compress_above(100);
        let cache = built(settings.compress_encrypted(allowed)).await;
        let policy = Policy::new().tier(Tier::Redis);
        let value = async || "again and ".repeat(100);
        cache.get_or_compute("a", &policy, value).await;
        stored(&cache, 1).await;
        let entry = bytes(&mut redis.client(), "shop:k:a");
        assert_eq!(entry.len() < 1_000, allowed, "{}", entry.len());
        assert!(!shows(&entry, "again"));
        let got = cache.get_or_compute("a", &policy, value).await;
        assert_eq!((got.len(), cache.stats().redis_hits), (1_000, 1));
    }
}
