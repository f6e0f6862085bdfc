//! The variables of a service by which the command uses its Redis.

use cachekit_tests::redis::Redis;

use crate::{command, ended, node};

const LIST: [&str; 2] = ["dead-writes", "list"];

/// Runs the list of dead writes with these variables.
async fn with(redis: &Redis, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = command(redis, &LIST);
    command.envs(variables.iter().copied());
    let (code, said, told) = ended(command).await;
    (code, said + &told)
}

#[tokio::test]
async fn an_empty_variable_is_not_set() {
    let redis = Redis::start();
    for variable in [
        "CACHE_ENCRYPTION_KEYS",
        "CACHE_ENCRYPTION_KEYS_FILE",
        "CACHE_HASH_KEYS",
        "CACHE_NAMESPACE",
        "CACHE_ON_NEW_MASTER",
        "REDIS_CA_FILE",
        "REDIS_CERT_FILE",
        "REDIS_KEY_FILE",
        "REDIS_PASSWORD",
        "REDIS_PASSWORD_FILE",
        "REDIS_SENTINEL_PASSWORD",
        "REDIS_SENTINEL_PASSWORD_FILE",
        "REDIS_SENTINEL_USER",
    ] {
        let (code, said) = with(&redis, &[(variable, "")]).await;
        assert_eq!(code, Some(0), "{variable}: {said}");
    }
    let (code, said) = with(&redis, &[("CACHE_HASH_KEYS", "perhaps")]).await;
    assert_eq!(code, Some(2), "{said}");
}

#[tokio::test]
async fn an_account_that_may_not_ask_for_the_data_set_trusts_every_one() {
    let redis = Redis::start();
    drop(node(&redis).await);
    let mut client = redis.client();
    client.run(&[
        "ACL", "SETUSER", "shop", "on", ">secret", "~*", "&*", "+@all", "-info",
    ]);
    let url = redis.url().replace("://", "://shop:secret@");
    let (code, said) = with(&redis, &[("REDIS_URL", &url)]).await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("replay"), "{said}");
    let replay = [("REDIS_URL", &*url), ("CACHE_ON_NEW_MASTER", "replay")];
    let (code, said) = with(&redis, &replay).await;
    assert_eq!(code, Some(0), "{said}");
    let wrong = [("REDIS_URL", &*url), ("CACHE_ON_NEW_MASTER", "perhaps")];
    let (code, said) = with(&redis, &wrong).await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("perhaps"), "{said}");
}

#[tokio::test]
async fn certificates_and_accounts_of_sentinels_are_read() {
    let redis = Redis::start();
    let url = redis.url().replace("redis://", "rediss://");
    for variable in ["REDIS_CA_FILE", "REDIS_CERT_FILE", "REDIS_KEY_FILE"] {
        let file = [("REDIS_URL", &*url), (variable, "/no/such/file")];
        let (code, said) = with(&redis, &file).await;
        assert_eq!(code, Some(3), "{said}");
        let setting = variable.to_ascii_lowercase();
        assert!(said.contains(&setting), "{said}");
    }
    let twice = [
        ("REDIS_SENTINEL_PASSWORD", "one"),
        ("REDIS_SENTINEL_PASSWORD_FILE", "/two"),
    ];
    let (code, said) = with(&redis, &twice).await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("are set"), "{said}");
}
