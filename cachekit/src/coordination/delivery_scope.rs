//! The scopes of callers that ask if Redis accepted the invalidations of their writes.
//!
//! Nothing is recorded for an invalidation that Redis accepts. Only an invalidation that has to
//! wait looks for a scope, so a write outside of all scopes, or with a Redis that answers, has no
//! additional cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    static INNERMOST: Arc<Scope>;
}

/// The scope of one caller, inside of which the caller's writes run.
#[derive(Debug)]
struct Scope {
    has_waiting: AtomicBool,
    /// `true` if the scope is inside of a `deferred` scope, so that invalidations of that scope are
    /// carried out after this scope has ended.
    is_deferred: bool,
    outer: Option<Arc<Self>>,
}

/// Runs `future` in a scope of its own. Returns the result of `future`, and `true` if an
/// invalidation of this task in the scope has to wait. `is_deferred` is `true` if a `deferred`
/// scope encloses the caller.
pub(crate) async fn in_scope<T>(future: impl Future<Output = T>, is_deferred: bool) -> (T, bool) {
    let scope = Arc::new(Scope {
        has_waiting: AtomicBool::new(false),
        is_deferred,
        outer: INNERMOST.try_with(Arc::clone).ok(),
    });
    let result = INNERMOST.scope(Arc::clone(&scope), future).await;
    (result, scope.has_waiting.load(Ordering::Relaxed))
}

/// Records in all scopes of this task that an invalidation was put into the outbox.
pub(crate) fn note_queued() {
    note(|_| true);
}

/// Records that an invalidation waits for the end of a `deferred` scope, in those scopes of this
/// task that end before the `deferred` scope.
pub(crate) fn note_deferred() {
    note(|scope| scope.is_deferred);
}

fn note(is_concerned: impl Fn(&Scope) -> bool) {
    let _ = INNERMOST.try_with(|innermost| {
        let scopes = std::iter::successors(Some(innermost), |scope| scope.outer.as_ref());
        for scope in scopes.filter(|scope| is_concerned(scope)) {
            scope.has_waiting.store(true, Ordering::Relaxed);
        }
    });
}
