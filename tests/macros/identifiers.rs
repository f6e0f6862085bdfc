//! Raw identifiers, and names that begin with an underscore.

use cachekit::{cached, invalidates};

use crate::{Log, fresh};

#[cached(key = "{r#type}:{r#fn}", skip(log))]
async fn r#match(log: &Log, r#type: &str, r#fn: u64) -> String {
    log.add(r#type);
    format!("{type} {fn}")
}

#[cached]
async fn r#loop(r#in: u64) -> u64 {
    r#in
}

#[invalidates(r#match(_, r#type, r#in), r#loop(..), tags = ["{r#in}"])]
async fn r#impl(r#type: &str, r#in: u64) -> u64 {
    r#type.len() as u64 + r#in
}

#[tokio::test]
async fn raw_identifiers() {
    fresh(async {
        let log = Log::default();
        assert_eq!(r#match(&log, "a", 1).await, "a 1");
        assert_eq!(r#match(&log, "a", 1).await, "a 1");
        assert_eq!(r#loop(2).await, 2);
        assert_eq!(log.take(), ["a"]);
        assert_eq!(r#match::entry("a", 1).key(), "a:1");
        assert_eq!(r#match::stats().name, "macros::identifiers::match");
        assert_eq!(r#loop::entry(2).key(), "macros::identifiers::loop:2");
        assert_eq!(r#impl("a", 1).await, 2);
        assert!(r#match::entry("a", 1).get().await.is_none());
        assert!(r#loop::entry(2).get().await.is_none());
    })
    .await;
}

struct Pool;

#[expect(
    clippy::used_underscore_binding,
    reason = "the key is a use, and says so"
)]
#[cached(key = "underscore:{_id}", skip(_log))]
async fn underscore(_pool: &Pool, _id: u64, _log: &Log) -> u64 {
    7
}

#[cached(companion = cached_count)]
async fn count(id: u64) -> u64 {
    id
}

/// A type of the function's name stands already there.
#[expect(non_camel_case_types, reason = "the name is the point")]
struct count {
    id: u64,
}

#[invalidates(cached_count(thing.id))]
async fn recount(thing: &count) {
    let _ = thing.id;
}

#[tokio::test]
async fn underscores_and_other_companions() {
    fresh(async {
        let log = Log::default();
        assert_eq!(underscore(&Pool, 1, &log).await, 7);
        assert_eq!(underscore::entry(1).key(), "underscore:1");
        assert_eq!(count(1).await, 1);
        assert_eq!(cached_count::entry(1).get().await, Some(1));
        recount(&count { id: 1 }).await;
        assert_eq!(cached_count::entry(1).get().await, None);
    })
    .await;
}
