//! Limits of concurrent computations (`max_computations`). Each function or group of functions has
//! its own limit.
//!
//! Single-flight lets only one computation of a key run at a time. But the invalidation of a tag
//! can make many entries unusable at once, and without a further limit their keys would all be
//! computed at once. A limit has a number of permits. Callers that find no free permit wait in FIFO
//! order.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::sync::Mutex;
use crate::model::entry_options::ComputationLimit;
use crate::model::owner::OwnerId;

/// Permit to run one computation under a concurrency limit. Dropping the permit lets the next
/// waiting caller compute.
pub(crate) type Permit = OwnedSemaphorePermit;

/// Computations that share a concurrency limit: the computations of one function or of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LimitScope {
    Function(OwnerId),
    Group(&'static str),
}

/// Concurrency limits of one cache: one for each function and each group with `max_computations`.
/// Group names are `&'static str`, so their number is bounded by the program's text.
#[derive(Debug, Default)]
pub(crate) struct ConcurrencyLimits {
    limits: Mutex<HashMap<LimitScope, ConcurrencyLimit>>,
}

/// Limit of the computations that run at once, as a semaphore whose waiters get permits in FIFO
/// order.
#[derive(Debug, Clone)]
pub(crate) struct ConcurrencyLimit(Arc<Semaphore>);

impl ConcurrencyLimits {
    /// Returns the concurrency limit of the group that `bound` names, or of `function` if `bound`
    /// names no group. The limit is created at the first call, with the `max` of that call.
    pub(crate) fn limit(&self, function: OwnerId, bound: ComputationLimit) -> ConcurrencyLimit {
        let scope = bound
            .group
            .map_or(LimitScope::Function(function), LimitScope::Group);
        let mut limits = self.limits.lock();
        let limit = limits
            .entry(scope)
            .or_insert_with(|| ConcurrencyLimit::new(bound.max));
        limit.clone()
    }
}

impl ConcurrencyLimit {
    fn new(max: u32) -> Self {
        let max = usize::try_from(max.max(1)).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))))
    }

    /// Returns a number that identifies this concurrency limit as long as its cache lives. The
    /// number is never zero.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Returns a permit to compute if a permit is free and no other caller waits for a permit.
    /// Returns `None` otherwise.
    pub(crate) fn try_acquire(&self) -> Option<Permit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    /// Waits until a permit to compute is free. Callers get permits in the order in which they
    /// began to wait.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, its caller leaves the queue, and the other callers keep their
    /// order.
    pub(crate) async fn acquire(&self) -> Option<Permit> {
        // The semaphore is never closed, so `acquire_owned` returns no error.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}
