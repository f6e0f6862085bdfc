//! Shutdowns of caches whose queues are in memory only, and the ends of workers.

use std::sync::Arc;
use std::time::Duration;

use cachekit::{QueueError, QueuedWrite, testing, write_behind};
use cachekit_tests::proxy::{Proxy, Sent};
use cachekit_tests::redis::Redis;
use cachekit_tests::{Gate, settle, until};
use tokio::time::sleep;

use crate::world::{Failed, Table, memory, start, start_one};

#[write_behind(key = "drained:{id}", each, skip(table), every = "1h")]
async fn each_alone(
    table: &Table,
    id: u64,
    text: String,
    write: QueuedWrite,
) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// A claim has some of the writes, and each has a run of its own.
#[tokio::test(start_paused = true)]
async fn a_shutdown_carries_out_all_writes_of_one_key() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        let texts: Vec<_> = (0..100).map(|number| format!("n{number}")).collect();
        for text in &texts {
            each_alone(&table, 1, text.clone()).await.unwrap();
        }
        assert_eq!(cache.shutdown().await.queued_writes, 0);
        let written: Vec<_> = table.log().into_iter().map(|(_, text)| text).collect();
        assert_eq!(written, texts);
    })
    .await;
}

#[write_behind(key = "row:{row.0}", newest(row in rows), skip(table), every = "1h")]
async fn many(
    table: &Table,
    rows: Vec<(u64, String)>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    for ((id, text), write) in rows.into_iter().zip(writes) {
        table.write(id, &text, write)?;
    }
    Ok(())
}

/// The batch fails, and each of its keys is tried alone.
#[tokio::test(start_paused = true)]
async fn a_poison_write_keeps_a_shutdown_from_no_other_key() {
    let (cache, table) = (memory().await, Table::default());
    table.poison("bad");
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        for id in 0..30 {
            let text = if id == 0 { "bad" } else { "good" };
            many(&table, vec![(id, text.to_owned())]).await.unwrap();
        }
        assert_eq!(cache.shutdown().await.queued_writes, 1, "the poison write");
        assert_eq!(table.values().len(), 29);
    })
    .await;
}

#[write_behind(key = "full:{id}", skip(table), capacity = 2, every = "1h")]
async fn bounded(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// The call waits for room, which the shutdown makes.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_room_is_refused_after_the_shutdown() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        for id in 0..2 {
            bounded(&table, id, "a".into()).await.unwrap();
        }
        let waiting = {
            let table = table.clone();
            let waits = async move { bounded(&table, 2, "a".into()).await };
            tokio::spawn(testing::scope(cache.clone(), waits))
        };
        sleep(Duration::from_secs(1)).await;
        assert!(!waiting.is_finished(), "the queue is full");
        assert_eq!(cache.shutdown().await.queued_writes, 0);
        let refused = waiting.await.unwrap();
        assert_eq!(refused, Err(Failed::Queue(QueueError::ShutDown)));
        assert_eq!(table.values().len(), 2);
    })
    .await;
}

#[write_behind(key = "gate:{id}", each(id in ids), skip(table, gate), every = "100ms")]
async fn gated(
    table: &Table,
    gate: Arc<Gate>,
    ids: Vec<u64>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    for (id, write) in ids.into_iter().zip(writes) {
        if !table.is_down() {
            gate.pass().await;
        }
        table.write(id, "text", write)?;
    }
    Ok(())
}

#[write_behind(key = "stopped:{id}", skip(table), every = "20ms")]
async fn stopped(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// The worker has told the queue that it begins, and waits for the answer.
#[tokio::test]
async fn a_worker_that_is_stopped_while_it_begins_runs_nothing() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let builder = cachekit_tests::builder().redis(&*proxy.url());
    let cache = builder.volatile_queues(true).build().await.unwrap();
    let table = Table::default();
    let name = "write_behind::drains::stopped";
    testing::scope(cache.clone(), async {
        let is = |sent: &Sent, op: &str| sent.args.iter().any(|arg| arg == op.as_bytes());
        proxy.hold_if(move |sent| is(sent, "begin"));
        stopped(&table, 1, "a".into()).await.unwrap();
        let workers = start_one(&cache, &table, name).await;
        proxy.held().await;
        let stopping = tokio::spawn(async move { workers.stop().await });
        settle().await;
        proxy.release();
        stopping.await.unwrap();
        assert_eq!(table.values(), [], "it was stopped before");
        // Another worker does not wait for the end of the claim.
        assert!(proxy.log().iter().any(|sent| is(sent, "retry")));
        start_one(&cache, &table, name).await;
        until("it is written", || table.values().len() == 1).await;
    })
    .await;
}

#[write_behind(key = "dead:{id}", skip(table), every = "20ms", retries = 0)]
async fn refused(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// Nothing would carry it out.
#[tokio::test(start_paused = true)]
async fn a_dead_write_cannot_be_queued_again_after_a_shutdown_without_redis() {
    let (cache, table) = (memory().await, Table::default());
    table.poison("bad");
    let name = "write_behind::drains::refused";
    testing::scope(cache.clone(), async {
        start_one(&cache, &table, name).await;
        refused(&table, 1, "bad".into()).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let dead = cache.dead_writes(name, 10).await.unwrap();
        cache.shutdown().await;
        let replayed = cache.replay_dead_write(name, &dead[0].id).await;
        assert_eq!(replayed, Err(QueueError::ShutDown));
        assert_eq!(cache.dead_writes(name, 10).await.unwrap(), dead);
        assert_eq!(cache.drop_dead_write(name, &dead[0].id).await, Ok(true));
    })
    .await;
}

/// The keys whose writes failed have runs of their own, and one runs at a time. The other waits for
/// it when the worker is stopped.
#[tokio::test(start_paused = true)]
async fn a_stopped_worker_begins_no_run_that_waited_for_another() {
    let (cache, table, gate) = (memory().await, Table::default(), Arc::new(Gate::new()));
    table.set_down(true);
    testing::scope(cache.clone(), async {
        let call = |id| gated(&table, Arc::clone(&gate), vec![id]);
        let start = || {
            let workers = cache.workers().concurrency(1).provide(Arc::clone(&gate));
            let workers = workers.functions(["write_behind::drains::gated"]);
            workers.provide(table.clone()).start()
        };
        call(1).await.unwrap();
        call(2).await.unwrap();
        let workers = start().await.unwrap();
        sleep(Duration::from_millis(200)).await;
        table.set_down(false);
        // While the first of these writes runs, the two that failed become due.
        call(3).await.unwrap();
        gate.arrived().await;
        sleep(Duration::from_secs(2)).await;
        gate.open();
        gate.arrived().await;
        let stopping = tokio::spawn(async move { workers.stop().await });
        settle().await;
        gate.open_for_all();
        stopping.await.unwrap();
        assert_eq!(table.values().len(), 2, "those that ran");
        // It was handed back: it waits for the pause of a failed write, and for no end of a claim.
        start().await.unwrap();
        sleep(Duration::from_secs(3)).await;
        assert_eq!(table.values().len(), 3);
    })
    .await;
}
