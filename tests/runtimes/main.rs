//! One global cache over a real Redis in a program of `#[tokio::test]`s, each of which has a runtime
//! of its own that ends with it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cachekit::{cached, invalidates};
use cachekit_tests::redis::Redis;
use tokio::sync::OnceCell;

/// A table of the application.
static ROWS: Mutex<Option<HashMap<u64, String>>> = Mutex::new(None);

static REDIS: OnceCell<Redis> = OnceCell::const_new();

/// Sets the global cache up, on the runtime of the test that comes first.
async fn set_up() -> &'static Redis {
    REDIS
        .get_or_init(|| async {
            let redis = Redis::start();
            let builder = cachekit_tests::builder()
                .namespace("shop")
                .redis(redis.url());
            let builder = builder.redis_timeout(Duration::from_secs(2));
            let cache = builder.build().await.expect("a valid set-up");
            cachekit::init(cache).expect("the first");
            redis
        })
        .await
}

fn rows<T>(with: impl FnOnce(&mut HashMap<u64, String>) -> T) -> T {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    with(rows.get_or_insert_default())
}

#[cached(key = "row:{id}", tags = ["rows"])]
async fn row(id: u64) -> Option<String> {
    rows(|rows| rows.get(&id).cloned())
}

#[invalidates(row(id))]
async fn write_row(id: u64, text: &str) {
    rows(|rows| rows.insert(id, text.to_owned()));
}

/// Work of a service: writes and reads, in this process and by another node, whose memory is told.
/// `first` is a row that no other test uses, with those after it.
async fn work(first: u64) {
    let redis = set_up().await;
    let builder = cachekit_tests::builder()
        .namespace("shop")
        .redis(redis.url());
    let other = builder.redis_timeout(Duration::from_secs(2)).build().await;
    let other = other.expect("a valid set-up");
    let there = |id| cachekit::testing::scope(other.clone(), row(id));
    for id in first..first + 5 {
        for text in ["one", "two", "three"] {
            write_row(id, text).await;
            assert_eq!(row(id).await.as_deref(), Some(text));
            seen(text, || there(id)).await;
        }
        let text = format!("another {id}");
        cachekit::testing::scope(other.clone(), write_row(id, &text)).await;
        seen(&text, || row(id)).await;
    }
    used(first).await;
}

/// Waits until the global cache uses Redis. Between two looks, `row` is read: if the runtime of the
/// connections ends after the last call, only a further call connects again.
async fn used(id: u64) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let stats = cachekit::global().stats().redis;
        if stats.is_up && stats.queued_invalidations == 0 {
            return;
        }
        assert!(Instant::now() < end, "Redis is not used: {stats:?}");
        row(id).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A write is seen within a second, also if the runtime of the connections ended in the middle.
async fn seen<F: Future<Output = Option<String>>>(text: &str, row: impl Fn() -> F) {
    let end = Instant::now() + Duration::from_secs(1);
    while row().await.as_deref() != Some(text) {
        assert!(
            Instant::now() < end,
            "`{text}` was not seen within a second"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

macro_rules! tests {
    ($($name:ident: $first:literal,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                work($first).await;
            }
        )*
    };
}

tests! {
    the_first_to_come: 100,
    the_second: 200,
    the_third: 300,
    the_fourth: 400,
    the_fifth: 500,
    the_sixth: 600,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_with_several_threads() {
    let tasks = (0..3).map(|n| tokio::spawn(work(700 + 100 * n)));
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("it passes");
    }
}

/// One after another, each when the runtime of the one before has ended.
#[test]
fn some_in_sequence() {
    for n in 0..5 {
        let builder = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        builder.expect("a runtime").block_on(work(2_000 + 100 * n));
    }
}
