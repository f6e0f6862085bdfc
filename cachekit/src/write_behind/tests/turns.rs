//! Runs that wait for their turn, and workers that end meanwhile.

use std::sync::atomic::Ordering;

use super::handed_back::loses;
use super::*;
use crate::store::failure::Failure;
use crate::store::write_queue::{Retry, Written};
use crate::write_behind::carry_out::ClaimedWork;

/// Queues `numbers`, and lets each fail once, so that each has a run of its own. A suspect in the
/// queue stays one.
async fn enqueue_failed(cache: &Cache, numbers: std::ops::Range<u64>) {
    for number in numbers {
        enqueue(cache, number).await;
    }
    for key in claim_all(cache, TEST, LEASE).await {
        let write = Written {
            version: key.items[0].version,
            key: key.key,
        };
        let retry = Retry {
            write: &write,
            pause: Duration::ZERO,
            attempts: i64::from(key.lost == 0),
        };
        let queue = cache.core.write_queue();
        queue.retry(TEST, retry, from_now(LEASE)).await.unwrap();
    }
}

/// Claims all keys of the queue for a worker whose loop does not run.
async fn claimed_by(runner: &Arc<Runner>, cache: &Cache) -> (ClaimedWork, Vec<ClaimedKey>) {
    let work = ClaimedWork {
        runner: Arc::clone(runner),
        claim: "worker".into(),
        runs_alone: false,
    };
    let keys = claim_all(cache, work.claim(), LEASE).await;
    (work, keys)
}

fn stop(runner: &Runner) {
    runner.is_stopped.store(true, Ordering::Release);
    runner.core.queues.wake.notify_waiters();
}

fn sorted(numbers: &Mutex<Vec<u64>>) -> Vec<u64> {
    let mut numbers = numbers.lock().unwrap().clone();
    numbers.sort_unstable();
    numbers
}

/// A single run at a time has a permit.
#[tokio::test(start_paused = true)]
async fn a_suspect_waits_for_no_run_that_waits_for_a_permit() {
    let (cache, world) = with_a_suspect(&TOGETHER).await;
    enqueue_failed(&cache, 0..5).await;
    world.begun.lock().unwrap().clear();
    let worker = tokio::spawn(worker_with(&cache, &TOGETHER, &world, 1).work());
    let death = timeout(Duration::from_secs(300), world.death.notified());
    death.await.unwrap();
    worker.abort();
    let begun = world.begun.lock().unwrap().clone();
    assert_eq!(begun.len(), 2, "{begun:?}");
    assert_eq!(begun[1], POISON);
}

#[tokio::test(start_paused = true)]
async fn a_worker_does_not_begin_a_further_write_of_a_key_that_another_worker_claims() {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    for number in 1..4 {
        enqueue_as(&cache, QueueKind::Each, "02", number).await;
    }
    let worker = worker(&cache, &EACH, &world);
    let runner = Arc::clone(&worker.runner);
    tokio::spawn(worker.work());
    sleep(Duration::from_millis(500)).await;
    // The second write waits for its turn after the first one.
    let alone = cache.core.queues.runs.write().await;
    assert_eq!(sorted(&world.written), [1]);
    loses(&cache, &runner, "02").await;
    drop(alone);
    sleep(LEASE / 2).await;
    assert_eq!(sorted(&world.begun), [1]);
    // The other worker does nothing, and its claim ends.
    sleep(LEASE).await;
    assert_eq!(sorted(&world.written), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_further_write_of_a_key_that_ends_its_process_is_suspected() {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    for number in [1, POISON] {
        enqueue_as(&cache, QueueKind::Each, "a", number).await;
    }
    dies(&cache, &EACH, &world).await;
    assert_eq!(sorted(&world.written), [1]);
    sleep(LEASE).await;
    assert_eq!(suspected(&cache).await, [("a".to_owned(), 1)]);
}

/// Another run has the turn, and goes on.
#[tokio::test(start_paused = true)]
async fn a_stopped_worker_waits_for_no_turn() {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    for number in 1..4 {
        enqueue(&cache, number).await;
    }
    let alone = cache.core.queues.runs.write().await;
    let worker = worker(&cache, &TOGETHER, &world);
    let runner = Arc::clone(&worker.runner);
    let working = tokio::spawn(worker.work());
    sleep(Duration::from_millis(100)).await;
    stop(&runner);
    let ended = timeout(LEASE / 10, working).await;
    assert!(ended.is_ok(), "it waits");
    drop(alone);
    assert_eq!(sorted(&world.begun), [0; 0]);
    sleep(LEASE / 10).await;
    let claimed = claim_all(&cache, TEST, LEASE).await;
    assert_eq!(claimed.len(), 3, "they were handed back");
    assert!(claimed.iter().all(|it| it.attempts == 0));
}

/// Thirty runs share one permit.
#[tokio::test(start_paused = true)]
async fn a_stopped_worker_tries_to_hand_all_back_for_as_long_as_one_write() {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    enqueue_failed(&cache, 100..130).await;
    let worker = worker_with(&cache, &TOGETHER, &world, 1);
    let runner = Arc::clone(&worker.runner);
    let working = tokio::spawn(worker.work());
    sleep(Duration::from_millis(500)).await;
    cache
        .core
        .queues
        .process
        .fail_with(Some(Failure::Unavailable));
    stop(&runner);
    let ended = timeout(LEASE + Duration::from_secs(3), working).await;
    assert!(ended.is_ok(), "it tries for longer");
    assert_eq!(world.begun.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_worker_tries_no_further_write_that_cannot_be_read() {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    for number in 0..30 {
        let key = number.to_string();
        let payload = Payload::Encoded(b"nonsense".to_vec());
        enqueue_payload(&cache, (QueueKind::Newest, &key), payload).await;
    }
    let worker = worker(&cache, &TOGETHER, &world);
    let (work, keys) = claimed_by(&worker.runner, &cache).await;
    assert_eq!(keys.len(), 30);
    cache
        .core
        .queues
        .process
        .fail_with(Some(Failure::Unavailable));
    let running = tokio::spawn(work.run_together(keys));
    sleep(Duration::from_millis(100)).await;
    stop(&worker.runner);
    let ended = timeout(3 * LEASE, running).await;
    assert!(ended.is_ok(), "it tries them all");
}

/// The body that blocks its thread has the lock, and neither ends nor takes too long.
#[tokio::test(start_paused = true)]
async fn a_suspect_does_not_wait_for_ever_for_a_body_that_blocks() {
    let (cache, world) = with_a_suspect(&ALONE).await;
    world.begun.lock().unwrap().clear();
    let _blocks = cache.core.queues.runs.read().await;
    let worker = start(&cache, &ALONE, &world);
    sleep(Duration::from_secs(1)).await;
    // The suspect waits.
    for number in 0..3 {
        enqueue(&cache, number).await;
    }
    sleep(Duration::from_secs(300)).await;
    worker.abort();
    assert_eq!(sorted(&world.written), [0, 1, 2]);
    assert_eq!(sorted(&world.begun), [0, 1, 2], "the suspect did not begin");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_handed_back_that_waits_for_a_suspect_that_blocks() {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    enqueue(&cache, 1).await;
    let _blocks = cache.core.queues.runs.write().await;
    let worker = worker(&cache, &ALONE, &world);
    let (work, mut keys) = claimed_by(&worker.runner, &cache).await;
    let key = keys.pop().expect("a key");
    let waited = timeout(Duration::from_secs(300), work.run_key(key)).await;
    assert!(waited.is_ok(), "it waits for ever");
    sleep(Duration::from_secs(1)).await;
    let claimed = claim_all(&cache, TEST, LEASE).await;
    assert_eq!(claimed.len(), 1, "it is due again");
    assert_eq!((claimed[0].attempts, claimed[0].lost), (0, 0));
}
