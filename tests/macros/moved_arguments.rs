//! Expressions over arguments that the body moves.

use std::sync::Arc;
use std::time::Duration;

use cachekit::{cached, invalidates, write_through};

use crate::fresh;

#[cached(
    key = "taken:{name}",
    tags = ["taken:{name}:{ret}", ..[format!("{name}-{ret}")]],
    ttl = Duration::from_secs(list.len() as u64 + *ret),
    skip(list),
    store_if = !list.is_empty() && *ret > 0,
    when = !name.is_empty()
)]
async fn target(name: String, list: Arc<[u64]>) -> u64 {
    drop(name);
    let list: Arc<[u64]> = list;
    list.iter().sum()
}

#[write_through(target(&name, list()), value = ids.len() as u64 + *ret)]
async fn store(name: String, ids: Vec<u64>) -> Result<u64, String> {
    drop(name);
    Ok(ids.into_iter().sum())
}

#[write_through(target(name.clone(), list()), value = ids.len() as u64)]
fn store_at_once(name: String, ids: Vec<u64>) -> (String, Vec<u64>) {
    (name, ids)
}

#[write_through(target(&name, list()), value = {
    let mut ids = ids;
    ids.push(*ret);
    ids.len() as u64
})]
fn store_later(name: String, ids: Vec<u64>) -> impl Future<Output = Option<u64>> {
    async move { ids.into_iter().chain(name.len().try_into()).max() }
}

#[invalidates(
    target(name.to_uppercase() + ret, _),
    tags = [..ids.iter().map(|id| format!("{name}-{id}"))],
    if = !ids.is_empty() && ret.len() == 1
)]
async fn change(name: String, ids: Vec<u64>) -> Option<String> {
    drop((name, ids));
    Some("X".to_owned())
}

fn list() -> Arc<[u64]> {
    [1, 2].into()
}

async fn left(name: &str) -> Option<u64> {
    target::entry(name.to_owned(), list()).get().await
}

#[tokio::test]
async fn values_written_through() {
    fresh(async {
        store("a".to_owned(), vec![1, 2]).await.expect("right");
        assert_eq!(left("a").await, Some(5));
        store_at_once("b".to_owned(), vec![1, 2]);
        assert_eq!(left("b").await, Some(2));
        store_later("c".to_owned(), vec![1, 2]).await;
        assert_eq!(left("c").await, Some(3));
    })
    .await;
}

#[tokio::test]
async fn conditions_and_labels() {
    fresh(async {
        for name in ["a", "AX", ""] {
            assert_eq!(target(name.to_owned(), list()).await, 3);
        }
        assert_eq!((left("a").await, left("").await), (Some(3), None));
        let ttl = target::entry("a".to_owned(), list()).ttl().await;
        assert!(ttl.is_some_and(|ttl| ttl <= Duration::from_secs(5)));
        assert_eq!(target("b".to_owned(), [].into()).await, 0);
        assert_eq!(left("b").await, None, "not stored");
        change("a".to_owned(), vec![]).await;
        assert_eq!((left("a").await, left("AX").await), (Some(3), Some(3)));
        change("a".to_owned(), vec![3]).await;
        assert_eq!((left("a").await, left("AX").await), (None, None));
    })
    .await;
}
