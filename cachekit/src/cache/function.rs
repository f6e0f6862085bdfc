//! A cached function as a whole.

use std::fmt;
use std::sync::Arc;

use super::doomed::Doomed;
use super::{Cache, Core};
use crate::function::FnSpec;
use crate::manner::Manner;
use crate::stats::FunctionStats;

/// A cached function, as a whole, in one cache.
///
/// A method `get` that is cached has `get_cache(&self)`, which gives one.
#[derive(Clone)]
pub struct FunctionHandle {
    core: Arc<Core>,
    spec: &'static FnSpec,
}

pub(crate) fn function_handle(cache: &Cache, spec: &'static FnSpec) -> FunctionHandle {
    FunctionHandle {
        core: Arc::clone(cache.core()),
        spec,
    }
}

impl FunctionHandle {
    /// Its name in statistics and configuration.
    pub fn name(&self) -> &str {
        self.spec.name()
    }

    /// Removes all its entries, in constant time. A call that begins after this returned
    /// never gets a value whose computation began before.
    pub async fn invalidate_all(&self) {
        let doomed = Doomed::function(self.name());
        self.core.invalidate(doomed).accepted().await;
    }

    /// Ends the fresh life of all its entries, in constant time: they are
    /// [invalidated softly](Cache::soft).
    pub async fn expire_all(&self) {
        let doomed = Doomed::function(self.name()).by(Manner::Soft);
        self.core.invalidate(doomed).accepted().await;
    }

    /// What it did so far.
    pub fn stats(&self) -> FunctionStats {
        FunctionStats::of(&self.core.owner(self.spec))
    }
}

impl fmt::Debug for FunctionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionHandle")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
