//! The forms of write-behind functions: what they borrow, leave out and name, and what stands beside
//! the attribute.

use std::sync::LazyLock;

use cachekit::{Cache, QueueError, QueuedWrite, cached, invalidates, testing, write_behind};
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::{Redis, Reply};

use crate::world::{Failed, Table, memory, over, start};

mod other_name {
    pub(super) use cachekit::*;
}

#[cached(key = "view of {page}", skip(table))]
async fn get_views(table: &Table, page: u64) -> String {
    table.read(page).unwrap_or_default()
}

#[write_behind(key = "set views:{page}", skip(table), every = "100ms")]
#[invalidates(get_views(_, page))]
async fn set_views(
    table: &Table,
    page: u64,
    views: &str,
    write: QueuedWrite,
) -> Result<(), Failed> {
    table.write(page, views, write)
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_below_the_attribute_follows_the_write() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        assert_eq!(get_views(&table, 1).await, "");
        set_views(&table, 1, "7").await.unwrap();
        assert_eq!(get_views(&table, 1).await, "", "it is only queued");
        assert_eq!(table.reads(), 1, "and invalidates nothing yet");
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        assert_eq!(get_views(&table, 1).await, "7");
    })
    .await;
}

/// Its parts are those of the caller or of the body.
#[write_behind(key = "noted:{id}", skip(table), every = "100ms")]
#[tracing::instrument(level = "info", skip_all, err)]
#[expect(unused_mut, reason = "for the test")]
#[must_use = "the write may be refused"]
#[deprecated = "for the test"]
pub(crate) async fn noted(table: Table, id: u64, mut text: String) -> Result<(), Failed> {
    tracing::info!(target: "write_behind::body", "noted {text}");
    if table.values().is_empty() {
        return Err(Failed::Down);
    }
    let _ = id;
    Ok(())
}

#[tokio::test(start_paused = true)]
#[expect(deprecated, reason = "the attribute stays with the caller's function")]
async fn foreign_attributes_go_with_the_body() {
    let log = Capture::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        noted(table.clone(), 1, "this".to_owned()).await.unwrap();
        let said = |words: &str| log.lines().iter().any(|line| line.text.contains(words));
        assert!(!said("noted this"), "the body has not run");
        start(&cache, &table).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(said("noted this"), "{:?}", log.lines());
        assert!(said("the table is down"), "of `err`: {:?}", log.lines());
    })
    .await;
}

static OWN: LazyLock<Cache> = LazyLock::new(|| {
    let build = Cache::builder().namespace("own").build();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let build = async { build.await.expect("memory only") };
    std::thread::spawn(|| runtime.expect("a runtime").block_on(build))
        .join()
        .expect("it ends well")
});

#[write_behind(
    key = "own:{id}",
    skip(table),
    every = "20ms",
    name = "own queue",
    cache = OWN,
    crate = crate::forms::other_name
)]
async fn in_own_cache(table: &Table, id: u64, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, "own", write)
}

#[tokio::test]
async fn a_function_may_name_its_cache_its_queue_and_the_crate() {
    let (other, table) = (memory().await, Table::default());
    testing::scope(other.clone(), async {
        in_own_cache(&table, 1).await.unwrap();
        let mut queues = other.stats().queues.into_iter();
        assert!(queues.all(|it| it.accepted == 0), "it is another cache's");
    })
    .await;
    let queues = OWN.stats().queues;
    let own = queues.iter().find(|it| it.function == "own queue");
    assert_eq!(own.map(|it| it.accepted), Some(1));
    let workers = OWN.workers().provide(table.clone());
    let workers = workers.functions(["own queue"]).start().await.unwrap();
    OWN.flush().await.unwrap();
    assert_eq!(table.values(), [(1, "own".to_owned())]);
    workers.stop().await;
}

/// A value that a body borrows, in each form.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Line {
    words: Vec<String>,
}

#[cached(key = "line:{id}", skip(table))]
async fn get_line(table: &Table, id: u64) -> Option<String> {
    table.read(id)
}

#[write_behind(
    get_line(_, id),
    value = format!("{text} {} {}", numbers.len(), line.words.join("-")),
    skip(table),
    every = "100ms"
)]
async fn set_line(
    table: &Table,
    id: &u64,
    text: &str,
    numbers: &[u64],
    line: &Line,
    write: QueuedWrite,
) -> Result<(), Failed> {
    let (numbers, words) = (numbers.len(), line.words.join("-"));
    table.write(*id, &format!("{text} {numbers} {words}"), write)
}

#[tokio::test]
async fn borrowed_arguments_are_queued_as_owned_ones() {
    let redis = Redis::start();
    for cache in [memory().await, over(&redis).await] {
        let table = Table::default();
        testing::scope(cache.clone(), async {
            let line = Line {
                words: vec!["a".into(), "b".into()],
            };
            let expected = "text 3 a-b".to_owned();
            set_line(&table, &1, "text", &[1, 2, 3], &line)
                .await
                .unwrap();
            assert_eq!(get_line(&table, 1).await, Some(expected.clone()));
            assert_eq!(table.reads(), 0);
            start(&cache, &table).await;
            cache.flush().await.unwrap();
            assert_eq!(table.values(), [(1, expected)]);
        })
        .await;
    }
}

#[write_behind(key = "pack:{id}", skip(table), every = "20ms", codec = msgpack)]
async fn in_msgpack(table: &Table, id: u64, line: Line, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &line.words.join(" "), write)
}

#[tokio::test]
async fn the_codec_is_that_of_the_attribute() {
    let redis = Redis::start();
    let (cache, table) = (over(&redis).await, Table::default());
    testing::scope(cache.clone(), async {
        let line = |word: &str| Line {
            words: vec![word.to_owned()],
        };
        in_msgpack(&table, 2, line("two")).await.unwrap();
        let key = "cachekit:wb:{write_behind::forms::in_msgpack}:values";
        let stored = redis.client().run(&["HGET", key, "pack:2"]);
        // MessagePack has the names of fields in plain text, and bincode has none.
        let Reply::Bulk(stored) = stored else {
            panic!("{stored:?}");
        };
        assert!(stored.windows(5).any(|it| it == b"words"), "{stored:?}");
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        assert_eq!(table.values(), [(2, "two".to_owned())]);
    })
    .await;
}

static TICKS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// Nothing is queued but the fact of the call.
#[write_behind(key = "tick", every = "20ms")]
async fn tick() -> Result<(), QueueError> {
    TICKS.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    Ok(())
}

#[tokio::test]
async fn a_function_without_arguments_is_queued() {
    let redis = Redis::start();
    let cache = over(&redis).await;
    testing::scope(cache.clone(), async {
        for _ in 0..3 {
            tick().await.unwrap();
        }
        let workers = cache.workers().functions(["write_behind::forms::tick"]);
        workers.start().await.unwrap();
        cache.flush().await.unwrap();
    })
    .await;
    assert_eq!(TICKS.load(std::sync::atomic::Ordering::SeqCst), 1);
}

mod shop {
    //! A module with an error that only it can name.

    use cachekit::{QueueError, QueuedWrite, write_behind};

    use crate::world::Table;

    #[derive(Debug)]
    struct Private(QueueError);

    impl std::fmt::Display for Private {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }

    impl From<QueueError> for Private {
        fn from(error: QueueError) -> Self {
            Self(error)
        }
    }

    #[write_behind(key = "sold:{id}", skip(table), every = "100ms")]
    async fn sold(table: &Table, id: u64, write: QueuedWrite) -> Result<(), Private> {
        if id == 0 {
            return Err(Private(QueueError::Full));
        }
        let _ = table.write(id, "sold", write);
        Ok(())
    }

    pub(super) async fn sell(table: &Table, id: u64) -> bool {
        sold(table, id).await.is_ok()
    }
}

#[tokio::test(start_paused = true)]
async fn a_private_function_with_a_private_error_is_queued() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        assert!(shop::sell(&table, 1).await);
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        assert_eq!(table.values(), [(1, "sold".to_owned())]);
        let refused = cachekit::deferred(async { Ok::<_, ()>(shop::sell(&table, 2).await) }).await;
        assert_eq!(refused, Ok(false));
    })
    .await;
}
