//! Background tasks that run user code.

use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::base::trace;
use crate::coordination::background::TaskOwner;
use crate::core::state::Core;
use crate::model::owner::Owner;

/// A task without a caller.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Wraps a task with the context of the caller's task, such as its tracing span.
pub(crate) type TaskWrapper = fn(Task) -> Task;

/// Starts `task` in the background, and returns `true` if it was started. This is the only place
/// where the cache starts user code in the background.
///
/// The task is dropped if too many run already, or if the cache is shut down. The stale value is
/// then served until its window ends.
pub(crate) fn spawn_in_background(
    (core, owner): (&Core, &Arc<Owner>),
    runtime: &Handle,
    task: Task,
    wrap_task: TaskWrapper,
) -> bool {
    let task_owner = TaskOwner::Function(Arc::clone(owner));
    let task = trace::in_caller_s_span(wrap_task(task));
    core.background
        .spawn_best_effort_on(runtime, task_owner, task)
}
