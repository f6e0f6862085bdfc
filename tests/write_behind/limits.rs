//! Full queues, bodies that fail in other ways, and workers that come and go.

use std::sync::Arc;
use std::time::Duration;

use cachekit::{QueueError, QueuedWrite, testing, write_behind};
use cachekit_tests::redis::Redis;
use cachekit_tests::{Gate, settle};

use crate::world::{Failed, Table, memory, over, start};

#[write_behind(key = "wait:{id}", skip(table), capacity = 2, every = "100ms")]
async fn waits(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

#[write_behind(key = "fail:{id}", skip(table), capacity = 2, when_full = fail, every = "100ms")]
async fn fails(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

#[write_behind(key = "now:{id}", skip(table), capacity = 2, when_full = write, every = "100ms")]
async fn writes_now(table: &Table, id: u64, text: &str, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, text, write)
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_room() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        for id in 0..2 {
            waits(&table, id, "a".into()).await.unwrap();
        }
        waits(&table, 1, "b".into()).await.expect("it replaces");
        let began = tokio::time::Instant::now();
        let refused = waits(&table, 2, "a".into()).await;
        assert_eq!(refused, Err(Failed::Queue(QueueError::Full)));
        let waited = began.elapsed();
        assert!(waited >= Duration::from_secs(10), "{waited:?}");
        let queues = cache.stats().queues;
        let queue = queues.iter().find(|it| it.function.ends_with("::waits"));
        let counts = queue.map(|it| (it.accepted, it.refused));
        assert_eq!(counts, Some((3, 1)));
        start(&cache, &table).await;
        waits(&table, 2, "a".into()).await.unwrap();
        cache.flush().await.unwrap();
        assert_eq!(table.values().len(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_fails_at_once_if_it_says_so() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache, async {
        for id in 0..2 {
            fails(&table, id, "a".into()).await.unwrap();
        }
        let began = tokio::time::Instant::now();
        let refused = fails(&table, 2, "a".into()).await;
        assert_eq!(refused, Err(Failed::Queue(QueueError::Full)));
        assert_eq!(began.elapsed(), Duration::ZERO);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_writes_itself_if_it_says_so() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache, async {
        for id in 0..2 {
            writes_now(&table, id, "a").await.unwrap();
        }
        writes_now(&table, 2, "b").await.unwrap();
        assert_eq!(table.values(), [(2, "b".to_owned())]);
        writes_now(&table, 1, "c").await.expect("it replaces");
        assert_eq!(table.values().len(), 1);
    })
    .await;
}

#[write_behind(
    key = "odd:{id}",
    each,
    skip(table),
    retries = 1,
    timeout = "5s",
    every = "100ms"
)]
async fn odd(table: &Table, id: u64, text: &str, write: QueuedWrite) -> Result<(), Failed> {
    match text {
        "panic" => panic!("a bug"),
        "hang" => std::future::pending().await,
        _ => table.write(id, text, write),
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_or_hangs_is_an_attempt() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        for (id, text) in [(1, "panic"), (2, "hang"), (3, "good")] {
            odd(&table, id, text).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(table.values(), [(3, "good".to_owned())]);
        // Others succeed meanwhile.
        for _ in 0..240 {
            odd(&table, 3, "good").await.unwrap();
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let dead = cache.dead_writes("write_behind::limits::odd", 10).await;
        let mut reasons: Vec<_> = dead.unwrap().into_iter().map(|it| it.reason).collect();
        reasons.sort();
        let expected = ["the function panicked", "the function took longer than 5s"];
        assert_eq!(reasons, expected);
    })
    .await;
}

#[write_behind(key = "gate:{id}", each, skip(table, gate), every = "100ms")]
async fn gated(
    table: &Table,
    gate: Arc<Gate>,
    id: u64,
    text: String,
    write: QueuedWrite,
) -> Result<(), Failed> {
    gate.pass().await;
    table.write(id, &text, write)
}

#[tokio::test]
async fn a_stopped_worker_ends_what_it_runs_and_leaves_the_rest() {
    let redis = Redis::start();
    let (cache, table, gate) = (over(&redis).await, Table::default(), Arc::new(Gate::new()));
    testing::scope(cache.clone(), async {
        let call = |text: &'static str| gated(&table, Arc::clone(&gate), 1, text.to_owned());
        call("a").await.unwrap();
        let names = ["write_behind::limits::gated"];
        let start = || {
            let workers = cache.workers().functions(names);
            workers
                .provide(table.clone())
                .provide(Arc::clone(&gate))
                .start()
        };
        let workers = start().await.unwrap();
        gate.arrived().await;
        call("b").await.unwrap();
        let stopping = tokio::spawn(async move { workers.stop().await });
        settle().await;
        assert!(!stopping.is_finished(), "the body runs");
        gate.open_for_all();
        stopping.await.unwrap();
        assert_eq!(table.log(), [(1, "a".to_owned())]);
        start().await.unwrap();
        cache.flush().await.unwrap();
        assert_eq!(table.log().len(), 2);
    })
    .await;
}

/// Nobody looks at the queue any more, which another process may have emptied.
#[tokio::test(start_paused = true)]
async fn a_process_without_workers_does_not_know_the_state_of_a_queue() {
    let (cache, table) = (memory().await, Table::default());
    table.set_down(true);
    let state = || {
        let queues = cache.stats().queues;
        let queue = queues.iter().find(|it| it.function.ends_with("waits"));
        let queue = queue.expect("a queue");
        (queue.queued, queue.lag > Duration::ZERO)
    };
    testing::scope(cache.clone(), async {
        waits(&table, 1, "a".into()).await.unwrap();
        let workers = [start(&cache, &table).await, start(&cache, &table).await];
        tokio::time::sleep(Duration::from_secs(5)).await;
        for workers in workers {
            assert_eq!(state(), (1, true));
            workers.stop().await;
        }
        assert_eq!(state(), (0, false));
    })
    .await;
}

#[tokio::test]
async fn a_function_that_is_not_there_is_named() {
    let cache = memory().await;
    let workers = cache.workers().functions(["write_behind::limits::gatet"]);
    let error = workers.start().await.expect_err("a wrong name").to_string();
    assert!(
        error.contains("did you mean `write_behind::limits::gated`"),
        "{error}"
    );
}
