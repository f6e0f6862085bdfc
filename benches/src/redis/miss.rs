//! A miss in Redis, of a function that returns at once, and the store of what it computed.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::{Cache, cached};
use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::load::{self, Operation};
use super::{NAMESPACE, Server, raw};
use crate::Fail;
use crate::report::{Kind, Table};
use crate::rounds::Rounds;
use crate::user::User;

#[cached(
    name = "missing",
    key = "m:{org}:{id}",
    tags = ["users", "org:{org}"],
    tier = redis,
    cache = cache,
    skip(cache)
)]
async fn missing(cache: &Cache, org: u64, id: u64) -> User {
    User::load(id)
}

/// Misses, and what a program without cachekit does at least.
pub(super) async fn table(server: &Server, cache: &Cache, rounds: Rounds) -> Result<Table, Fail> {
    let connection = raw::connect(server).await?;
    let before = cache.stats().redis.stores;
    let operations = [our_own(cache), plain_client(cache, &connection).await?];
    let title =
        "Miss in Redis: `User`, two tags, the function returns at once, the value is stored";
    let mut table = load::table(title, &operations, rounds).await?;
    if cache.stats().redis.stores == before {
        return Err("cachekit stored nothing".into());
    }
    table.notes.push(
        "cachekit's miss takes a token and a lease, checks four versions and makes those that are \
         missing; its store is refused if an invalidation came in between. The plain client does \
         none of that."
            .to_owned(),
    );
    cmd("FLUSHALL").exec_async(&mut connection.clone()).await?;
    Ok(table)
}

/// Misses of cachekit, or what a plain client does for them, for a count of instructions.
pub(super) async fn single(
    server: &Server,
    cache: &Cache,
    is_ours: bool,
) -> Result<Operation, Fail> {
    if is_ours {
        return Ok(our_own(cache));
    }
    plain_client(cache, &raw::connect(server).await?).await
}

fn our_own(cache: &Cache) -> Operation {
    let (cache, fresh) = (cache.clone(), AtomicU64::new(0));
    Operation::new("cachekit", move |_| {
        let id = fresh.fetch_add(1, Ordering::Relaxed);
        let cache = cache.clone();
        async move {
            black_box(missing(&cache, id % 100, id).await);
            Ok(())
        }
    })
    .of(Kind::Ours)
}

/// `GET`, and `SET` of as many bytes as cachekit stores.
async fn plain_client(
    cache: &Cache,
    connection: &MultiplexedConnection,
) -> Result<Operation, Fail> {
    let size = entry_size(cache, connection).await?;
    let (connection, fresh) = (connection.clone(), Arc::new(AtomicU64::new(0)));
    Ok(Operation::new("redis-rs: GET, encode, SET PX", move |_| {
        let id = fresh.fetch_add(1, Ordering::Relaxed);
        let mut to = connection.clone();
        async move {
            let name = format!("{NAMESPACE}:raw:{id}");
            let there: Option<Vec<u8>> = cmd("GET").arg(&name).query_async(&mut to).await?;
            if there.is_some() {
                return Err("a new key is there already".into());
            }
            let mut bytes = raw::encode(&User::load(id))?;
            bytes.resize(size, 0);
            let mut set = cmd("SET");
            set.arg(&name).arg(bytes).arg("PX").arg(300_000);
            Ok(set.exec_async(&mut to).await?)
        }
    }))
}

/// Returns the length of an entry of cachekit in bytes.
async fn entry_size(cache: &Cache, connection: &MultiplexedConnection) -> Result<usize, Fail> {
    let id = u64::MAX;
    let name = &raw::names(&format!("m:{}:{id}", id % 100), "missing", &[])[0];
    missing(cache, id % 100, id).await;
    for _ in 0..100 {
        let mut strlen = cmd("STRLEN");
        let size: usize = strlen
            .arg(name)
            .query_async(&mut connection.clone())
            .await?;
        // Shorter: a token, no value yet.
        if size > 100 {
            return Ok(size);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Err(format!("cachekit stored nothing under {name}").into())
}
