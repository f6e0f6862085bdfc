//! Writes that a worker claimed and does not carry out, and queues that cannot be reached.

use std::sync::atomic::Ordering;

use super::*;
use crate::store::failure::Failure;
use crate::store::write_queue::{Retry, Written};

static FAILS: QueueSpec = QueueSpec::new(
    FnSpec::new(|| "shop::fail", file!(), line!()).named("shop::fail"),
    || None,
    fail,
)
.every(Duration::ZERO)
.retries(0);

fn fail(_: Arc<Provided>, _: Vec<QueuedCall>) -> BodyFuture {
    Box::pin(async {
        sleep(Duration::from_millis(500)).await;
        Err("a row is not valid".to_owned())
    })
}

/// The worker stands still, as one that is cut off does, while another worker claims `key`.
pub(super) async fn loses(cache: &Cache, worker: &Runner, key: &str) {
    let queue = cache.core.write_queue();
    let first = queue.newest(NAME, key.as_bytes(), from_now(LEASE));
    let write = Written {
        key: key.into(),
        version: first.await.unwrap().expect("a write").version,
    };
    let claim = |id| Claim {
        queue: NAME,
        kind: QueueKind::Newest,
        id,
    };
    let retry = Retry {
        write: &write,
        pause: Duration::ZERO,
        attempts: 0,
    };
    let id = format!("{}-0", worker.id);
    let ended = queue.retry(claim(&id), retry, from_now(LEASE));
    ended.await.unwrap();
    let claimed = claim_all(cache, claim("other"), LEASE).await;
    assert_eq!(claimed.len(), 1);
}

async fn what_another_worker_claims_is_not_carried_out(spec: &'static QueueSpec) {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    for number in 1..4 {
        enqueue(&cache, number).await;
    }
    let worker = worker(&cache, spec, &world);
    let runner = Arc::clone(&worker.runner);
    let permits = runner.permits.acquire_many(16).await.unwrap();
    tokio::spawn(worker.work());
    sleep(Duration::from_millis(1)).await;
    loses(&cache, &runner, "02").await;
    drop(permits);
    sleep(LEASE / 2).await;
    let mut begun = world.begun.lock().unwrap().clone();
    begun.sort_unstable();
    assert_eq!(begun, [1, 3]);
    // The other worker does nothing, and its claim ends.
    sleep(LEASE).await;
    assert_eq!(world.written.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_batch_leaves_out_what_another_worker_claims() {
    what_another_worker_claims_is_not_carried_out(&TOGETHER).await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_does_not_begin_what_another_worker_claims() {
    what_another_worker_claims_is_not_carried_out(&ALONE).await;
}

/// Lets a write fail for the last time while the queue answers with `failure`. Returns the number of
/// writes that were put aside, as the statistics have it.
async fn put_aside_with(failure: Failure) -> u64 {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    let write = NewWrite {
        queue: FAILS.name(),
        kind: QueueKind::Newest,
        key: b"a",
        payload: Payload::Shared(DeferredDrop::new(Arc::new(Some(1_u64)))),
        delay: Duration::ZERO,
        capacity: 1_000,
    };
    let queue = cache.core.write_queue();
    queue.enqueue(&write, from_now(LEASE)).await.unwrap();
    let worker = start(&cache, &FAILS, &world);
    sleep(Duration::from_millis(100)).await;
    cache.core.queues.process.fail_with(Some(failure));
    sleep(3 * LEASE).await;
    worker.abort();
    cache.core.queues.counts(&FAILS).buried.sum()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_queue_did_not_put_aside_is_not_reported() {
    let refused = Failure::Rejected("NOPERM".to_owned());
    assert_eq!(put_aside_with(refused).await, 0);
    assert_eq!(put_aside_with(Failure::Unavailable).await, 0);
    let lost = Failure::Indeterminate;
    assert_eq!(put_aside_with(lost).await, 1, "only the answer may be lost");
}

/// Every claim of the batch ends by itself meanwhile.
#[tokio::test(start_paused = true)]
async fn a_worker_ends_though_the_queue_cannot_be_reached() {
    for spec in [&TOGETHER, &ALONE] {
        let cache = Cache::builder().build().await.unwrap();
        let world = Arc::new(World::default());
        for number in BAD - 1..BAD + 30 {
            enqueue(&cache, number).await;
        }
        let worker = worker(&cache, spec, &world);
        let runner = Arc::clone(&worker.runner);
        let working = tokio::spawn(worker.work());
        // The batch has failed, and the first of its writes is carried out again.
        sleep(Duration::from_millis(700)).await;
        let process = &cache.core.queues.process;
        process.fail_with(Some(Failure::Unavailable));
        runner.is_stopped.store(true, Ordering::Release);
        runner.core.queues.wake.notify_waiters();
        let ended = timeout(4 * LEASE, working).await;
        assert!(ended.is_ok(), "{}", spec.is_batched);
    }
}
