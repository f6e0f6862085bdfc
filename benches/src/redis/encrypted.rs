//! The cost of encryption: hits in Redis of a small value, with nothing in memory.

use std::hint::black_box;
use std::time::Duration;

use cachekit::{Cache, EncryptionKeys, Policy, Tier};

use super::load::{self, Operation};
use super::{NAMESPACE, Server, healthy};
use crate::Fail;
use crate::report::{Kind, Table};
use crate::rounds::Rounds;
use crate::user::User;

/// The number of keys that are asked for, each in turn.
const KEYS: u64 = 1_000;

/// Encrypted hits, with names as they are and with hashes, and the same in clear.
pub(super) async fn table(server: &Server, clear: &Cache, rounds: Rounds) -> Result<Table, Fail> {
    let (encrypted, hashed) = (
        with_keys(server, false).await?,
        with_keys(server, true).await?,
    );
    let ways = [
        ("encrypted", &encrypted, Kind::Ours),
        ("encrypted, with hashes of names", &hashed, Kind::Rival),
        ("in clear", clear, Kind::Rival),
    ];
    for (name, cache, _) in ways {
        for number in 0..KEYS {
            let user = Some(User::new(number));
            cache.put(&key(name, number), user, &policy()).await;
        }
    }
    let operations = ways.map(|(name, cache, kind)| read(cache, name).of(kind));
    let title = "Hit in Redis with encryption: `User`, two tags, nothing in memory";
    let table = load::table(title, &operations, rounds).await?;
    for cache in [encrypted, hashed] {
        healthy(&cache)?;
        cache.shutdown().await;
    }
    Ok(table)
}

async fn with_keys(server: &Server, hashes: bool) -> Result<Cache, Fail> {
    let keys = EncryptionKeys::new("bench", [7; 32]).names([8; 32]);
    // Each with a namespace of its own: processes of one namespace must have the same keys.
    let namespace = format!(
        "{NAMESPACE}-{}",
        if hashes { "hashed" } else { "encrypted" }
    );
    let builder = Cache::builder().namespace(namespace).redis(server.url());
    let builder = builder.redis_timeout(Duration::from_secs(2));
    let cache = builder.encryption(keys).hash_keys(hashes).build().await?;
    healthy(&cache)?;
    Ok(cache)
}

fn policy() -> Policy {
    Policy::new().tier(Tier::Redis).tag("users").tag("org:1")
}

fn key(way: &str, number: u64) -> String {
    format!("{way}:{}", number % KEYS)
}

fn read(cache: &Cache, name: &'static str) -> Operation {
    let cache = cache.clone();
    Operation::new(&format!("cachekit, {name}"), move |number| {
        let (cache, key) = (cache.clone(), key(name, number));
        async move {
            let none = async || None::<User>;
            let user = cache.get_or_compute(&key, &policy(), none).await;
            black_box(user.ok_or_else(|| format!("no hit in Redis: {key}"))?);
            Ok(())
        }
    })
}
