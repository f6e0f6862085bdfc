//! Limits of concurrent computations (`max_computations`), one for a function or a group.
//!
//! Flights are per key. An invalidation of a tag can make many entries unusable at once, and
//! without a limit it would send as many computations to the data source. A limit has a number of
//! permits; callers that find none wait in FIFO order.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::sync::Mutex;
use crate::model::entry_options::ComputationLimit;
use crate::model::owner::OwnerId;

/// Permit to compute. Released on drop.
pub(crate) type Permit = OwnedSemaphorePermit;

/// Scope of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LimitScope {
    Function(OwnerId),
    Group(&'static str),
}

/// Limits of one cache. There is one for each function and group that has a limit. Groups are
/// `&'static str`, so a program cannot create them without bound.
#[derive(Debug, Default)]
pub(crate) struct ConcurrencyLimits {
    limits: Mutex<HashMap<LimitScope, ConcurrencyLimit>>,
}

/// Limit of concurrent computations, a FIFO semaphore.
#[derive(Debug, Clone)]
pub(crate) struct ConcurrencyLimit(Arc<Semaphore>);

impl ConcurrencyLimits {
    /// Returns the limit of `function`, or of the group that `bound` names.
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

    /// Returns the limit's identity, unique while its cache lives and never zero.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Returns a permit if one is free and nobody waits for it.
    pub(crate) fn try_acquire(&self) -> Option<Permit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    /// Waits for a permit, in FIFO order.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up its place in the queue.
    pub(crate) async fn acquire(&self) -> Option<Permit> {
        // The semaphore is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}
