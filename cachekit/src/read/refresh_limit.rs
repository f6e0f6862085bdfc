//! The time limit of a refresh that runs in the background.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::core::state::Core;
use crate::key::Key;
use crate::model::owner::Owner;
use crate::read::background_task::Task;
use crate::read::call::Call;

/// The time limit of a refresh that no caller waits for, and the key that the refresh computes.
pub(crate) struct RefreshLimit {
    core: Arc<Core>,
    owner: Arc<Owner>,
    key: Key,
    /// Longest time for which the refresh runs. `None` for a function without such a limit, and in
    /// a runtime without a timer.
    limit: Option<Duration>,
}

impl Call {
    /// Returns the time limit of this call's computation if the computation runs as a refresh in
    /// the background.
    pub(crate) fn refresh_limit(&self) -> RefreshLimit {
        RefreshLimit {
            core: Arc::clone(&self.core),
            owner: Arc::clone(&self.owner),
            key: self.key.clone(),
            limit: self.options.detach_limit.filter(|_| has_timer()),
        }
    }
}

impl RefreshLimit {
    /// Returns a task that runs `refresh`, and ends it at the limit as a refresh that failed: a
    /// refresh that hangs would prevent every later one.
    pub(crate) fn bound<T>(self, refresh: impl Future<Output = T> + Send + 'static) -> Task {
        Box::pin(async move {
            let mut refresh = pin!(refresh);
            let Some(limit) = self.limit else {
                return drop(refresh.await);
            };
            if timeout(limit, refresh.as_mut()).await.is_err() {
                // The failure is recorded before the refresh leaves its flight, so that the
                // flight's next leader finds the pause.
                self.core.note_failed_refresh(&self.owner, &self.key);
                self.owner.counts.timeouts.bump();
                trace::timed_out(&self.owner.name, limit);
            }
        })
    }
}
