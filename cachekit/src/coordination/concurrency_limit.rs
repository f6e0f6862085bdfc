//! How many computations run at once: one gate for a function, or a group, with a bound.
//!
//! Flights are per key, so what makes many entries useless at a stroke, as an invalidation
//! of a tag does, would send as many computations to the source. A gate has so many places;
//! who finds none waits in line.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::sync::Mutex;
use crate::model::entry_options::ComputationLimit;
use crate::model::owner::OwnerId;

/// A place at a gate; free again when it is dropped.
pub(crate) type Permit = OwnedSemaphorePermit;

/// Whose computations a gate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LimitScope {
    Function(OwnerId),
    Group(&'static str),
}

/// The gates of one cache. There are as many as functions and groups with a bound: groups are
/// `&'static str`, so a program cannot make them up without end.
#[derive(Debug, Default)]
pub(crate) struct ConcurrencyLimits {
    limits: Mutex<HashMap<LimitScope, ConcurrencyLimit>>,
}

/// Lets so many through at once, in the order in which they came.
#[derive(Debug, Clone)]
pub(crate) struct ConcurrencyLimit(Arc<Semaphore>);

impl ConcurrencyLimits {
    /// The gate of `function`, or of the group that `bound` names.
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

    /// Which gate it is, for as long as its cache lives; never zero.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// A place, if one is free and nobody is in line for it.
    pub(crate) fn try_acquire(&self) -> Option<Permit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }

    /// A place, when it is this caller's turn.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the line.
    pub(crate) async fn acquire(&self) -> Option<Permit> {
        // It is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}
