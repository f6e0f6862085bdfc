//! Workers that die, with a queue in memory. A worker dies when its task is aborted.

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
use crate::store::write_queue::{NewWrite, Payload};
use crate::write_behind::attempts::SourceHealth;
use crate::write_behind::carry_out::{LEASE, Runner};
use crate::write_behind::worker::QueueWorker;

const NAME: &str = "shop::save";

/// The write that ends its process.
const POISON: u64 = 17;

const WRITES: u64 = 50;

static TOGETHER: QueueSpec = spec().batched();
static ALONE: QueueSpec = spec();

const fn spec() -> QueueSpec {
    let function = FnSpec::new(|| NAME, file!(), line!()).named(NAME);
    QueueSpec::new(function, || None, run).every(Duration::ZERO)
}

/// What the bodies did.
#[derive(Default)]
struct World {
    written: Mutex<Vec<u64>>,
    /// Notified when the process is to die.
    death: Notify,
}

/// Takes a second, and ends the process before that if the poison is among the writes.
fn run(provided: Arc<Provided>, calls: Vec<QueuedCall>) -> BodyFuture {
    Box::pin(async move {
        let world = Arc::clone(provided.get::<Arc<World>>()?);
        let numbers = calls.iter().filter_map(QueuedCall::args::<u64>);
        let numbers: Vec<_> = numbers.collect();
        if numbers.contains(&POISON) {
            world.death.notify_one();
            pending::<()>().await;
        }
        sleep(Duration::from_secs(1)).await;
        world.written.lock().unwrap().extend(numbers);
        Ok(())
    })
}

async fn enqueue(cache: &Cache, number: u64) {
    let key = format!("{number:02}");
    let write = NewWrite {
        queue: NAME,
        kind: QueueKind::Newest,
        key: key.as_bytes(),
        payload: Payload::Shared(DeferredDrop::new(Arc::new(Some(number)))),
        delay: Duration::ZERO,
        capacity: 1_000,
    };
    let queue = cache.core.write_queue();
    queue.enqueue(&write, from_now(LEASE)).await.unwrap();
}

/// Starts a worker, which dies if the returned task is aborted.
fn start(cache: &Cache, spec: &'static QueueSpec, world: &Arc<World>) -> JoinHandle<()> {
    let core = Arc::clone(&cache.core);
    let mut provided = Provided::default();
    provided.add(Arc::clone(world));
    let runner = Runner {
        spec,
        provided: Arc::new(provided),
        counts: core.queues.counts(spec),
        id: format!("{:016x}", fastrand::u64(..)),
        permits: Semaphore::new(16),
        is_stopped: Arc::new(AtomicBool::new(false)),
        health: SourceHealth::default(),
        core,
    };
    let worker = QueueWorker {
        _guard: runner.core.queues.worker(spec),
        runner: Arc::new(runner),
        concurrency: 16,
        _alive: Arc::new(()),
    };
    tokio::spawn(worker.work())
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
