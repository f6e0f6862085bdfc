//! Entries of services that encrypt.

use cachekit::{Cache, Codec, EncryptionKeys};
use cachekit_tests::redis::Redis;

use crate::entries::{Product, put};
use crate::run;

/// With the keys an entry is shown as any other; without them, the command says that it is encrypted.
#[tokio::test]
async fn an_encrypted_entry_is_shown_with_the_keys() {
    let redis = Redis::start();
    let (one, names) = ("01".repeat(32), "09".repeat(32));
    let text = format!("one:{one},names:{names}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("keys");
    std::fs::write(&path, &text).expect("it is written");
    let path = path.to_str().expect("UTF-8");
    for hashes in [false, true] {
        let keys = text.parse::<EncryptionKeys>().expect("keys");
        let builder = Cache::builder().namespace("shop").redis(redis.url());
        let builder = builder.encryption(keys).hash_keys(hashes);
        let cache = builder.build().await.expect("a valid set-up");
        put(&cache, Codec::Json).await;
        let mut words = vec!["--encryption-keys-file", path, "inspect", "product:7"];
        if hashes {
            words.push("--hash-keys");
        }
        let (code, said, told) = run(&redis, &words).await;
        assert_eq!(code, Some(0), "{told}");
        for part in [
            "\"name\": \"lamp\"",
            "depends on   tag category:4: current\n",
        ] {
            assert!(said.contains(part), "{part}\n{said}");
        }
        words[2..4].clone_from_slice(&["invalidate", "--key=product:7"]);
        let (code, _, told) = run(&redis, &words).await;
        assert_eq!(code, Some(0), "{told}");
        assert_eq!(
            cache.get::<Product>("product:7").await.map(|it| it.cents),
            None
        );
        put(&cache, Codec::Json).await;
    }
    let (_, said, _) = run(&redis, &["inspect", "product:7"]).await;
    assert!(said.contains("encrypted with the key `one`"), "{said}");
    assert!(!said.contains("lamp"));
    let twice = format!("--encryption-keys={text}");
    let twice = ["--encryption-keys-file", path, &twice, "inspect", "a"];
    let (code, _, told) = run(&redis, &twice).await;
    assert_eq!(code, Some(3));
    assert!(told.contains("are set") && !told.contains(&one), "{told}");
    let wrong = ["--encryption-keys-file", "/no/such/file", "inspect", "a"];
    let (code, _, told) = run(&redis, &wrong).await;
    assert_eq!(code, Some(3));
    assert!(told.contains("encryption_keys_file"), "{told}");
}
