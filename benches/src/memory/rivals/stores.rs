//! Stores that are filled and asked by hand: no function, no tags, and no expiry but moka's.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::candidate::Candidate;
use crate::keys::DISTINCT;
use crate::memory::{Args, ROOM, Value};
use crate::user::found;

/// As long as cachekit's functions say.
const TTL: Duration = Duration::from_secs(300);

/// All of them, asked with keys of these arguments.
pub(in crate::memory) fn all<V: Value>(runtime: &Handle, args: Args) -> Vec<Candidate> {
    match args {
        Args::Number => by_number::<V>(runtime),
        Args::Text => by_text::<V>(runtime),
        Args::Both => by_both::<V>(runtime),
    }
}

fn by_number<V: Value>(runtime: &Handle) -> Vec<Candidate> {
    let text = |id: u64| format!("user:{id}");
    vec![
        candidate!(
            "moka::future, key format!(..)",
            moka_future::<String, V>(runtime, text),
            |cache, key| found(cache.get(&format!("user:{}", key.id)).await)
        ),
        candidate!(
            "moka::future, key u64",
            moka_future::<u64, V>(runtime, |id| id),
            |cache, key| found(cache.get(&key.id).await)
        ),
        candidate!(
            "moka::sync, key format!(..)",
            moka_sync::<String, V>(text),
            |cache, key| found(cache.get(&format!("user:{}", key.id)))
        ),
        candidate!(
            "moka::sync, key u64",
            moka_sync::<u64, V>(|id| id),
            |cache, key| found(cache.get(&key.id))
        ),
        candidate!(
            "quick_cache, key format!(..)",
            quick::<String, V>(text),
            |cache, key| found(cache.get(&format!("user:{}", key.id)))
        ),
        candidate!(
            "quick_cache, key u64",
            quick::<u64, V>(|id| id),
            |cache, key| found(cache.get(&key.id))
        ),
    ]
}

/// The argument is the key: nothing is put together.
fn by_text<V: Value>(runtime: &Handle) -> Vec<Candidate> {
    let text = |id: u64| format!("user.{id}");
    vec![
        candidate!(
            "moka::future, key String, by &str",
            moka_future::<String, V>(runtime, text),
            |cache, key| found(cache.get(key.name).await)
        ),
        candidate!(
            "moka::sync, key String, by &str",
            moka_sync::<String, V>(text),
            |cache, key| found(cache.get(key.name))
        ),
        candidate!(
            "quick_cache, key String, by &str",
            quick::<String, V>(text),
            |cache, key| found(cache.get(key.name))
        ),
    ]
}

fn by_both<V: Value>(runtime: &Handle) -> Vec<Candidate> {
    let text = |id: u64| format!("user:{}:user.{id}", id % 100);
    vec![
        candidate!(
            "moka::future, key format!(..)",
            moka_future::<String, V>(runtime, text),
            |cache, key| found(cache.get(&format!("user:{}:{}", key.org(), key.name)).await)
        ),
        candidate!(
            "moka::sync, key format!(..)",
            moka_sync::<String, V>(text),
            |cache, key| found(cache.get(&format!("user:{}:{}", key.org(), key.name)))
        ),
        candidate!(
            "quick_cache, key format!(..)",
            quick::<String, V>(text),
            |cache, key| found(cache.get(&format!("user:{}:{}", key.org(), key.name)))
        ),
    ]
}

fn ids() -> impl Iterator<Item = u64> {
    1..=u64::from(DISTINCT)
}

fn moka_future<K, V>(runtime: &Handle, key: fn(u64) -> K) -> moka::future::Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Value,
{
    let cache = moka::future::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(TTL)
        .build();
    let filling = async {
        for id in ids() {
            cache.insert(key(id), V::of(id)).await;
        }
        cache.run_pending_tasks().await;
    };
    runtime.block_on(filling);
    cache
}

fn moka_sync<K, V>(key: fn(u64) -> K) -> moka::sync::Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Value,
{
    let cache = moka::sync::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(TTL)
        .build();
    for id in ids() {
        cache.insert(key(id), V::of(id));
    }
    cache.run_pending_tasks();
    cache
}

fn quick<K, V>(key: fn(u64) -> K) -> Arc<quick_cache::sync::Cache<K, V>>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Value,
{
    let cache = quick_cache::sync::Cache::new(ROOM);
    for id in ids() {
        cache.insert(key(id), V::of(id));
    }
    Arc::new(cache)
}
