//! The files of certificates and keys: what cannot be used is an error that names its setting.

use std::path::{Path, PathBuf};

use cachekit::{Cache, CacheBuilder};

use crate::certificates::{Authority, refused};

const NOWHERE: &str = "rediss://localhost:1";

fn encrypted() -> CacheBuilder {
    Cache::builder().redis(NOWHERE)
}

#[tokio::test]
async fn what_cannot_be_read_names_its_setting() {
    let authority = Authority::new();
    let files = authority.issue(&["client"]);
    let missing = PathBuf::from("/no/such/file.pem");
    let garbled = authority.file().with_file_name("garbled.pem");
    let begin = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    std::fs::write(&garbled, begin).expect("a file");
    let own = |certificate: &Path, key: &Path| {
        encrypted().redis_cert_file(certificate).redis_key_file(key)
    };
    for (builder, words) in [
        (
            encrypted().redis_ca_file(&missing),
            "redis_ca_file: cannot read",
        ),
        (encrypted().redis_ca_file(&files.key), "redis_ca_file: `"),
        (
            encrypted().redis_ca_file(&garbled),
            "certificates cannot be used",
        ),
        (own(&missing, &files.key), "redis_cert_file: cannot read"),
        (own(&files.key, &files.key), "redis_cert_file: `"),
        (
            own(&files.certificate, &files.certificate),
            "redis_key_file: `",
        ),
        (
            encrypted().redis_cert_file(&files.certificate),
            "redis_cert_file: is set, and `redis_key_file` is not",
        ),
        (
            encrypted().redis_key_file(&files.key),
            "redis_key_file: is set, and `redis_cert_file` is not",
        ),
    ] {
        let told = refused(builder).await;
        assert!(
            told.contains(words) && told.contains("; "),
            "{words}: {told}"
        );
        assert!(!told.contains("PRIVATE KEY-----\n"), "{told}");
    }
}

#[tokio::test]
async fn a_certificate_of_use_to_nobody_is_a_mistake() {
    let authority = Authority::new();
    let plain = Cache::builder().redis("redis://localhost:1");
    let told = refused(plain.redis_ca_file(authority.file())).await;
    assert!(
        told.starts_with("redis_ca_file: is set, but the connection to Redis is not encrypted"),
        "{told}"
    );
    let unchecked = Cache::builder().redis("rediss://localhost:1#insecure");
    let told = refused(unchecked).await;
    assert!(told.contains("whose certificate nobody checks"), "{told}");
}

#[tokio::test]
async fn no_certificate_and_no_key_is_shown() {
    let authority = Authority::new();
    let files = authority.issue(&["client"]);
    let builder = encrypted().redis_ca_file(authority.file());
    let builder = builder
        .redis_cert_file(&files.certificate)
        .redis_key_file(&files.key);
    let key = std::fs::read_to_string(&files.key).expect("a file");
    let body = key.lines().nth(1).expect("a line of the key");
    let shown = format!("{builder:?}");
    assert!(
        shown.contains("client.key") && !shown.contains(body),
        "{shown}"
    );
    let cache = builder.build().await.expect("it may come");
    let shown = format!("{cache:?} {:?} {}", cache.config(), cache.config());
    assert!(
        shown.contains("client.key") && !shown.contains(body),
        "{shown}"
    );
}
