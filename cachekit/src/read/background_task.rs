//! Background tasks of the cache that run the user's code.

use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::base::trace;
use crate::coordination::background::TaskOwner;
use crate::coordination::observations::unseen;
use crate::core::state::Core;
use crate::model::config::spans::Spans;
use crate::model::owner::Owner;

/// A boxed future to run in the background, where no caller awaits its end.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A function that gives a background task the context of its caller's task. In tests, the context
/// is the cache of one test.
pub(crate) type TaskWrapper = fn(Task) -> Task;

/// Starts `task` on `runtime`, in the background, and returns `true` if the task was started. The
/// cache starts user code in the background only through this function.
///
/// The task is dropped, and the result is `false`, if too many background tasks run already or the
/// cache is shut down. If the dropped task is a refresh, calls get the stale value until its window
/// ends.
pub(crate) fn spawn_in_background(
    (core, owner): (&Core, &Arc<Owner>),
    runtime: &Handle,
    task: Task,
    wrap_task: TaskWrapper,
) -> bool {
    let task_owner = TaskOwner::Function(Arc::clone(owner));
    // If the cache makes spans, the current span may be the span of a cached call. The task would
    // keep that span open until the task ends.
    let is_in_span = core.config.spans == Spans::Off;
    let task = trace::in_current_span_if(is_in_span, wrap_task(Box::pin(unseen(task))));
    core.background
        .spawn_best_effort_on(runtime, task_owner, task)
}
