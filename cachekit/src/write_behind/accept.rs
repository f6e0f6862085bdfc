//! The part of a write-behind call that its caller waits for: the queue accepts the write.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::base::durations::from_now;
use crate::base::runtime::has_timer;
use crate::core::entry_key::Target;
use crate::core::state::{Cache, Core};
use crate::invalidate::deferred;
use crate::invalidate::request::{Invalidation, On};
use crate::model::deferred_drop::AnyShared;
use crate::model::queue_error::QueueError;
use crate::model::queue_spec::{QueueSpec, WhenFull};
use crate::model::queued_write::QueuedWrite;
use crate::store::write_queue::{Enqueued, NewWrite};
use crate::write::annotated::with_names;
use crate::write_behind::asking::{deadline, error_of};
use crate::write_behind::fitness::check_fitness;

/// The shortest and the longest pause between two attempts to put a write into a full queue.
const PAUSES: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(100)];

/// The number of keys of one call whose writes are queued at the same time.
const AT_ONCE: usize = 64;

/// An error of a write-behind function, which a call returns if its write is not queued. The trait
/// is implemented for every type that implements `From<QueueError>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a write-behind function: a call may fail because its write is not queued",
    label = "needs `From<cachekit::QueueError>`",
    note = "write `impl From<cachekit::QueueError> for {Self}`"
)]
pub trait FromQueueError: From<QueueError> {}

#[diagnostic::do_not_recommend]
impl<E: From<QueueError>> FromQueueError for E {}

/// The arguments of one write, and the key under which the write is queued.
#[derive(Debug)]
pub struct KeyedArgs<A> {
    key: Target,
    args: A,
}

impl<A> KeyedArgs<A> {
    /// Creates the arguments of a write under `key`.
    pub fn new(key: Target, args: A) -> Self {
        Self { key, args }
    }
}

/// Puts a write into the queue of the function `spec`, and invalidates the entry that it replaces.
/// If the queue is full, `run` may carry out the write at once.
///
/// # Errors
///
/// Returns an error if the write was neither queued nor carried out.
///
/// # Cancel safety
///
/// If the future is dropped, the write may have been queued. The entry is invalidated in any case.
pub async fn write_behind<A, E, F>(
    spec: &'static QueueSpec,
    cache: Cache,
    write: KeyedArgs<A>,
    run: impl FnOnce(A, QueuedWrite) -> F,
) -> Result<(), E>
where
    A: Clone + Send + Sync + 'static,
    E: FromQueueError,
    F: Future<Output = Result<(), E>>,
{
    let core = Arc::clone(&cache.core);
    let key = write.key.clone();
    let accepting = async move {
        match accept(&core, spec, &write).await? {
            Accepted::Queued => Ok(()),
            Accepted::RunNow(now) => run(write.args, now).await,
        }
    };
    if spec.entry.is_none() {
        return accepting.await;
    }
    Box::pin(with_names(
        invalidating(cache, vec![key]),
        |_| {},
        accepting,
    ))
    .await
}

/// Puts the writes of one call into the queue of the function `spec`: those of one key one after
/// the other, those of different keys at the same time. If the queue is full, `run` may carry out a
/// write at once.
///
/// # Errors
///
/// Returns the first error. The other writes may have been queued.
///
/// # Cancel safety
///
/// If the future is dropped, some of the writes may have been queued.
pub async fn write_each_behind<A, E, F>(
    spec: &'static QueueSpec,
    cache: Cache,
    writes: Vec<KeyedArgs<A>>,
    run: impl Fn(A, QueuedWrite) -> F,
) -> Result<(), E>
where
    A: Clone + Send + Sync + 'static,
    E: FromQueueError,
    F: Future<Output = Result<(), E>>,
{
    let keys: Vec<Target> = writes.iter().map(|write| write.key.clone()).collect();
    let mut by_key: HashMap<Vec<u8>, Vec<KeyedArgs<A>>> = HashMap::new();
    for write in writes {
        let key = write.key.key.as_bytes().to_vec();
        by_key.entry(key).or_default().push(write);
    }
    let core = Arc::clone(&cache.core);
    let (core, run) = (&core, &run);
    let of_keys = by_key.into_values().map(|writes| {
        Box::pin(async move {
            for write in writes {
                if let Accepted::RunNow(now) = accept(core, spec, &write).await? {
                    run(write.args, now).await?;
                }
            }
            Ok::<_, E>(())
        })
    });
    let accepting = all(of_keys);
    if spec.entry.is_none() {
        return accepting.await;
    }
    Box::pin(with_names(invalidating(cache, keys), |_| {}, accepting)).await
}

/// Returns the invalidation of the entries under `keys`, which is carried out even if the writes
/// were not queued.
fn invalidating(cache: Cache, keys: Vec<Target>) -> Invalidation {
    let mut invalidation = Invalidation::of(cache, On::Always);
    for key in keys {
        invalidation.target(key);
    }
    invalidation
}

/// Polls all of `futures`, some at a time, until they have ended or one has failed. Returns the
/// first error.
async fn all<E, F>(mut futures: impl Iterator<Item = Pin<Box<F>>>) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    loop {
        let mut some: Vec<_> = futures.by_ref().take(AT_ONCE).collect();
        if some.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        std::future::poll_fn(|context| {
            some.retain_mut(|future| match future.as_mut().poll(context) {
                Poll::Pending => true,
                Poll::Ready(ended) => {
                    if result.is_ok() {
                        result = ended;
                    }
                    false
                }
            });
            if some.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        result?;
    }
}

/// The result of the attempt to queue a write.
enum Accepted {
    Queued,
    /// The queue is full, and the call carries the write out itself.
    RunNow(QueuedWrite),
}

async fn accept<A: Clone + Send + Sync + 'static>(
    core: &Arc<Core>,
    spec: &'static QueueSpec,
    write: &KeyedArgs<A>,
) -> Result<Accepted, QueueError> {
    let counts = core.queues.counts(spec);
    let accepted = try_accept(core, spec, write).await;
    match &accepted {
        Ok(Accepted::Queued) => counts.accepted.bump(),
        Ok(Accepted::RunNow(_)) => {}
        Err(_) => counts.refused.bump(),
    }
    accepted
}

async fn try_accept<A: Clone + Send + Sync + 'static>(
    core: &Arc<Core>,
    spec: &'static QueueSpec,
    write: &KeyedArgs<A>,
) -> Result<Accepted, QueueError> {
    if deferred::is_active() {
        return Err(QueueError::InTransaction);
    }
    check_fitness(core).await?;
    let args: AnyShared = Arc::new(Some(write.args.clone()));
    let payload = core.payload(spec, args);
    let new = NewWrite {
        queue: spec.name(),
        kind: spec.kind,
        key: write.key.key.as_bytes(),
        payload: payload.map_err(QueueError::NotEncodable)?,
        delay: spec.every,
        capacity: spec.capacity,
    };
    let end = from_now(core.config.lock_timeout);
    let mut pause = PAUSES[0];
    loop {
        match core.write_queue().enqueue(&new, deadline(core)).await {
            Ok(Enqueued::Accepted(_)) => return Ok(Accepted::Queued),
            Ok(Enqueued::Full { version, has_older }) => {
                if spec.when_full == WhenFull::Write && !has_older {
                    let now = QueuedWrite {
                        version,
                        attempt: 1,
                    };
                    return Ok(Accepted::RunNow(now));
                }
                let fails = spec.when_full == WhenFull::Fail;
                if fails || !has_timer() || Instant::now() >= end {
                    return Err(QueueError::Full);
                }
            }
            Ok(Enqueued::Closed) => return Err(QueueError::ShutDown),
            Err(failure) => return Err(error_of(failure)),
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES[1]);
    }
}
