//! Detached computations: each owns everything that it needs, and so can continue without its
//! caller.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::base::clock::Tick;
use crate::base::runtime::has_timer;
use crate::model::entry::MemoryEntry;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::background_task::{TaskWrapper, spawn_in_background};
use crate::read::call::{Call, Miss};
use crate::read::detach_on_drop::DetachOnDrop;
use crate::read::return_answer::return_answer;
use crate::read::typed_call::compute;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Answers `call` as [`compute`] does, or with a stale value while the computation continues in the
/// background.
///
/// # Cancel safety
///
/// Dropping the future is as safe as dropping the future of [`compute`]. A computation that already
/// runs in the background continues. If the function has the option `detach`, a computation that
/// this call leads continues in the background too ([`DetachOnDrop`]).
pub(crate) async fn compute_detachable<S, P, A, Fut>(
    mut call: Box<Call>,
    return_ops: P,
    entry_tags: EntryTags,
    after: A,
    body: Fut,
    wrap_task: TaskWrapper,
) -> S::Ret
where
    S: ReturnType + 'static,
    S::Ret: Send + 'static,
    S::Value: Clone + Send + Sync + 'static,
    S::Error: Send + 'static,
    P: Fn() -> ReturnOps<S> + Send + 'static,
    A: FnOnce(&S::Value, &mut EntryTags) + Send + 'static,
    Fut: Future<Output = S::Ret> + Send + 'static,
{
    // Without a runtime, nothing can continue in the background.
    let Ok(runtime) = Handle::try_current() else {
        return compute(Miss(Some(call)), return_ops, entry_tags, after, body).await;
    };
    let ops = return_ops().value_ops();
    let immediate = call.immediate_answer(&ops);
    call.is_detachable = true;
    let returns = return_ops();
    let recorder = call.recorder();
    let answer_with = |stored| {
        let answer = Answer::Entry(stored);
        if let Some(recorder) = &recorder {
            recorder.record(&answer);
        }
        return_answer(&returns, answer)
    };
    if let Some(immediate) = immediate {
        call.observer = None;
        if call.try_lead_refresh(&entry_tags) {
            let (core, owner) = (Arc::clone(&call.core), Arc::clone(&call.owner));
            let limit = call.refresh_limit();
            let refresh =
                async move { compute(Miss(Some(call)), return_ops, entry_tags, after, body).await };
            spawn_in_background((&core, &owner), &runtime, limit.bound(refresh), wrap_task);
        }
        return answer_with(immediate);
    }
    let watch = call.watch();
    let detach = call.detach(&ops, &runtime, wrap_task);
    let task = async move { compute(Miss(Some(call)), return_ops, entry_tags, after, body).await };
    let mut task = DetachOnDrop::new(task, detach);
    let Some(watch) = watch else {
        return task.await;
    };
    let stored = match watched(Pin::new(&mut task), &watch).await {
        Ok(ret) => return ret,
        Err(stored) => stored,
    };
    if !ops.answers(stored.shared()) {
        return task.await;
    }
    watch.owner.counts.stale_hits.bump();
    stored.count_age(1, Tick::now(&*watch.core.clock));
    if let Some(task) = task.into_task() {
        spawn_in_background(
            (&watch.core, &watch.owner),
            &runtime,
            watch.refresh_limit().bound(task),
            wrap_task,
        );
    }
    answer_with(stored)
}

/// Polls `task` until `task` ends, and returns its output. Returns a stale value, as `Err`, if a
/// stale value is to be served in place of the output.
async fn watched<F: Future>(
    mut task: Pin<&mut F>,
    watch: &Call,
) -> Result<F::Output, Arc<MemoryEntry>> {
    let mut timer = pin!(async {
        match watch.options.soft_timeout {
            Some(timeout) if has_timer() => sleep(timeout).await,
            _ => std::future::pending().await,
        }
    });
    let mut is_late = false;
    std::future::poll_fn(|context| {
        if let Poll::Ready(output) = task.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        let to_serve = watch
            .stale_slot
            .as_ref()
            .and_then(|stale_slot| stale_slot.to_serve());
        if let Some(stored) = to_serve {
            return Poll::Ready(Err(Arc::clone(stored)));
        }
        // The slot is checked at every poll after `soft_timeout`, because L2 may return the stale
        // value only after that time.
        is_late = is_late || timer.as_mut().poll(context).is_ready();
        if is_late && let Some(stored) = watch.soft_timeout_fallback() {
            return Poll::Ready(Err(stored));
        }
        Poll::Pending
    })
    .await
}
