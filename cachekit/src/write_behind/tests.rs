//! Workers that die, with a queue in memory. A worker dies when its task is aborted.

mod handed_back;
mod turns;

use std::future::pending;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::base::durations::from_now;
use crate::core::state::Cache;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::function_spec::FnSpec;
use crate::model::provided::Provided;
use crate::model::queue_spec::{BodyFuture, QueueKind, QueueSpec, QueuedCall};
use crate::store::write_queue::{Claim, ClaimRequest, ClaimedKey, NewWrite, Payload};
use crate::write_behind::attempts::SourceHealth;
use crate::write_behind::carry_out::{LEASE, Runner};
use crate::write_behind::worker::QueueWorker;

const NAME: &str = "shop::save";

/// The write that ends its process.
const POISON: u64 = 17;

const WRITES: u64 = 50;

/// A write that fails in a run with others.
const BAD: u64 = 100;

static TOGETHER: QueueSpec = spec().batched();
static ALONE: QueueSpec = spec();
static EACH: QueueSpec = spec().each();

const fn spec() -> QueueSpec {
    let function = FnSpec::new(|| NAME, file!(), line!()).named(NAME);
    QueueSpec::new(function, || None, run).every(Duration::ZERO)
}

/// What the bodies did.
#[derive(Default)]
struct World {
    begun: Mutex<Vec<u64>>,
    written: Mutex<Vec<u64>>,
    /// Notified when the process is to die.
    death: Notify,
}

/// Takes a second, and ends the process after half of it if the poison is among the writes.
fn run(provided: Arc<Provided>, calls: Vec<QueuedCall>) -> BodyFuture {
    Box::pin(async move {
        let world = Arc::clone(provided.get::<Arc<World>>()?);
        let numbers = calls.iter().filter_map(QueuedCall::args::<u64>);
        let numbers: Vec<_> = numbers.collect();
        world.begun.lock().unwrap().extend(&numbers);
        sleep(Duration::from_millis(500)).await;
        if numbers.contains(&POISON) {
            world.death.notify_one();
            pending::<()>().await;
        }
        if numbers.len() > 1 && numbers.contains(&BAD) {
            return Err("a row is not valid".to_owned());
        }
        sleep(Duration::from_millis(500)).await;
        world.written.lock().unwrap().extend(numbers);
        Ok(())
    })
}

async fn enqueue(cache: &Cache, number: u64) {
    enqueue_as(cache, QueueKind::Newest, &format!("{number:02}"), number).await;
}

async fn enqueue_as(cache: &Cache, kind: QueueKind, key: &str, number: u64) {
    let payload = Payload::Shared(DeferredDrop::new(Arc::new(Some(number))));
    enqueue_payload(cache, (kind, key), payload).await;
}

async fn enqueue_payload(cache: &Cache, (kind, key): (QueueKind, &str), payload: Payload) {
    let write = NewWrite {
        queue: NAME,
        kind,
        key: key.as_bytes(),
        payload,
        delay: Duration::ZERO,
        capacity: 1_000,
    };
    let queue = cache.core.write_queue();
    queue.enqueue(&write, from_now(LEASE)).await.unwrap();
}

/// Starts a worker, which dies if the returned task is aborted.
fn start(cache: &Cache, spec: &'static QueueSpec, world: &Arc<World>) -> JoinHandle<()> {
    tokio::spawn(worker(cache, spec, world).work())
}

fn worker(cache: &Cache, spec: &'static QueueSpec, world: &Arc<World>) -> QueueWorker {
    worker_with(cache, spec, world, 16)
}

/// Returns a worker of which at most `runs` runs have a permit.
fn worker_with(
    cache: &Cache,
    spec: &'static QueueSpec,
    world: &Arc<World>,
    runs: usize,
) -> QueueWorker {
    let core = Arc::clone(&cache.core);
    let mut provided = Provided::default();
    provided.add(Arc::clone(world));
    let runner = Runner {
        spec,
        provided: Arc::new(provided),
        counts: core.queues.counts(spec),
        id: format!("{:016x}", fastrand::u64(..)),
        permits: Semaphore::new(runs),
        is_stopped: Arc::new(AtomicBool::new(false)),
        health: SourceHealth::default(),
        hands_back_until: std::sync::OnceLock::new(),
        core,
    };
    QueueWorker {
        _guard: runner.core.queues.worker(spec),
        runner: Arc::new(runner),
        concurrency: 16,
        _alive: Arc::new(()),
    }
}

/// All keys are claimed and carried out together with the poison at first.
async fn only_the_poison_is_put_aside(spec: &'static QueueSpec) {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    for number in 0..WRITES {
        enqueue(&cache, number).await;
    }
    let mut deaths = 0;
    loop {
        let worker = start(&cache, spec, &world);
        let dies = timeout(Duration::from_secs(300), world.death.notified());
        let has_died = dies.await.is_ok();
        worker.abort();
        let _ = worker.await;
        if !has_died {
            break;
        }
        deaths += 1;
        assert!(deaths < 100);
        sleep(LEASE).await;
    }
    let dead = cache.dead_writes(NAME, 100).await.unwrap();
    let dead: Vec<_> = dead.into_iter().map(|it| (it.key, it.attempts)).collect();
    assert_eq!(dead, [(POISON.to_string(), 10)]);
    assert_eq!(deaths, 10);
    let mut written = world.written.lock().unwrap().clone();
    written.sort_unstable();
    let others: Vec<_> = (0..WRITES).filter(|number| *number != POISON).collect();
    assert_eq!(written, others, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_ends_its_process_takes_no_other_of_its_batch_along() {
    only_the_poison_is_put_aside(&TOGETHER).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_that_ends_its_process_takes_no_write_beside_it_along() {
    only_the_poison_is_put_aside(&ALONE).await;
}

/// The claim of the test itself.
const TEST: Claim<'static> = Claim {
    queue: NAME,
    kind: QueueKind::Newest,
    id: "test",
};

async fn claim_all(cache: &Cache, claim: Claim<'_>, lease: Duration) -> Vec<ClaimedKey> {
    let request = ClaimRequest {
        claim,
        most: 1_000,
        most_bytes: usize::MAX,
        lease,
    };
    let queue = cache.core.write_queue();
    queue.claim(&request, from_now(LEASE)).await.unwrap().keys
}

/// Claims everything for a moment. Returns the writes whose workers died, with the numbers of deaths.
async fn suspected(cache: &Cache) -> Vec<(String, u32)> {
    let claimed = claim_all(cache, TEST, Duration::from_millis(1)).await;
    let keys = claimed.into_iter().filter(|it| it.lost > 0);
    let name = |key: Vec<u8>| String::from_utf8(key).unwrap();
    let mut keys: Vec<_> = keys.map(|it| (name(it.key), it.lost)).collect();
    keys.sort();
    keys
}

/// Lets the poison end two workers, after which it is suspected.
async fn with_a_suspect(spec: &'static QueueSpec) -> (Cache, Arc<World>) {
    let cache = Cache::builder().build().await.unwrap();
    let world = Arc::new(World::default());
    enqueue(&cache, POISON).await;
    for _ in 0..2 {
        dies(&cache, spec, &world).await;
        sleep(LEASE).await;
    }
    (cache, world)
}

/// Starts a worker and waits for its death.
async fn dies(cache: &Cache, spec: &'static QueueSpec, world: &Arc<World>) {
    let worker = start(cache, spec, world);
    let death = timeout(Duration::from_secs(300), world.death.notified());
    death.await.unwrap();
    worker.abort();
    let _ = worker.await;
}

/// Other writes come after the poison was suspected: at the same time as its claim, and while it
/// waits for its claim.
async fn a_suspect_runs_beside_no_other_write(spec: &'static QueueSpec) {
    let (cache, world) = with_a_suspect(spec).await;
    let mut others = 1_000..;
    let mut expected = Vec::new();
    for deaths in 3..=10 {
        for number in others.by_ref().take(5) {
            enqueue(&cache, number).await;
            expected.push(number);
        }
        dies(&cache, spec, &world).await;
        let early = Duration::from_millis(1_800 * (deaths % 2));
        sleep(LEASE.saturating_sub(early)).await;
        let suspected = suspected(&cache).await;
        let of_others = suspected.iter().filter(|it| it.0 != POISON.to_string());
        assert_eq!(of_others.count(), 0, "{suspected:?}");
    }
    let worker = start(&cache, spec, &world);
    sleep(2 * LEASE).await;
    worker.abort();
    let mut begun = world.begun.lock().unwrap().clone();
    begun.retain(|number| *number != POISON);
    begun.sort_unstable();
    assert_eq!(begun, expected, "each once");
    assert_eq!(world.written.lock().unwrap().len(), expected.len());
    let dead = cache.dead_writes(NAME, 100).await.unwrap();
    let dead: Vec<_> = dead.into_iter().map(|it| (it.key, it.attempts)).collect();
    assert_eq!(dead, [(POISON.to_string(), 10)]);
}

#[tokio::test(start_paused = true)]
async fn a_suspect_runs_beside_no_batch() {
    a_suspect_runs_beside_no_other_write(&TOGETHER).await;
}

#[tokio::test(start_paused = true)]
async fn a_suspect_runs_beside_no_write_that_is_alone() {
    a_suspect_runs_beside_no_other_write(&ALONE).await;
}

/// The suspect runs between the runs of the batch's writes.
#[tokio::test(start_paused = true)]
async fn the_writes_of_a_failed_batch_are_not_suspected_between_their_runs() {
    let (cache, world) = with_a_suspect(&TOGETHER).await;
    for number in BAD..BAD + 5 {
        enqueue(&cache, number).await;
    }
    dies(&cache, &TOGETHER, &world).await;
    sleep(LEASE).await;
    assert_eq!(suspected(&cache).await, [(POISON.to_string(), 3)]);
}
