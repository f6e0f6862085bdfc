//! Which flights the running task leads.
//!
//! A cached function that calls itself with the same key, directly or through others,
//! would wait for itself. The chain of computations that the current task is inside of is
//! carried in a task-local, so such a call is recognised and simply runs. Work that the
//! function spawned is a task of its own and not covered: it waits for `lock_timeout` at
//! most.

use std::sync::Arc;

tokio::task_local! {
    static LED: Arc<Link>;
}

/// One computation inside another.
struct Link {
    flight: usize,
    /// Whose place it takes; zero: nobody counts it.
    gate: usize,
    outer: Option<Arc<Link>>,
}

/// Whether the current task leads `flight`.
pub(crate) fn leads(flight: usize) -> bool {
    any(|link| link.flight == flight)
}

/// Whether the current task computes something that `gate` counts.
pub(crate) fn passed(gate: usize) -> bool {
    any(|link| link.gate == gate)
}

fn any(is_meant: impl Fn(&Link) -> bool) -> bool {
    LED.try_with(|innermost| {
        let mut link = Some(innermost);
        while let Some(current) = link {
            if is_meant(current) {
                return true;
            }
            link = current.outer.as_ref();
        }
        false
    })
    .unwrap_or(false)
}

/// Runs `body` as the computation of `flight`, or of none (zero), that `gate` counts.
pub(crate) async fn leading<F: Future>(flight: usize, gate: usize, body: F) -> F::Output {
    LED.scope(link(flight, gate), body).await
}

/// Runs `body`, synchronously, as the computation of `flight`, or of none (zero), that
/// `gate` counts.
pub(crate) fn leading_blocking<T>(flight: usize, gate: usize, body: impl FnOnce() -> T) -> T {
    LED.sync_scope(link(flight, gate), body)
}

fn link(flight: usize, gate: usize) -> Arc<Link> {
    Arc::new(Link {
        flight,
        gate,
        outer: LED.try_with(Arc::clone).ok(),
    })
}
