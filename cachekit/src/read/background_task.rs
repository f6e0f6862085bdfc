//! Work of the user's that nobody waits for.

use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::base::trace;
use crate::coordination::background::TaskOwner;
use crate::core::state::Core;
use crate::model::owner::Owner;

/// Work without a caller.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes along what belongs to the caller's task.
pub(crate) type TaskWrapper = fn(Task) -> Task;

/// Runs `task` without anybody waiting for it, and says whether it does. The one place where the
/// cache begins such work of the user's.
///
/// Where too much runs already, or the cache is shut down, it is dropped: what is there is
/// served for as long as it may be.
pub(crate) fn spawn_in_background(
    (core, owner): (&Core, &Arc<Owner>),
    runtime: &Handle,
    task: Task,
    wrap_task: TaskWrapper,
) -> bool {
    let task_owner = TaskOwner::Function(Arc::clone(owner));
    let task = trace::in_current_span(wrap_task(task));
    core.background
        .spawn_best_effort_on(runtime, task_owner, task)
}
