//! The turns of a worker's runs: how many run at the same time, and which run alone.

use std::time::Duration;

use tokio::sync::{RwLockReadGuard, RwLockWriteGuard, SemaphorePermit};
use tokio::time::timeout;

use crate::base::select::select;
use crate::core::queues::registered;
use crate::write_behind::carry_out::{ClaimedWork, LEASE, Runner};

/// The turn of a run, which lasts until it is dropped.
pub(crate) enum Turn<'a> {
    Alone {
        _lock: RwLockWriteGuard<'a, ()>,
    },
    Beside {
        _lock: RwLockReadGuard<'a, ()>,
        _permit: SemaphorePermit<'a>,
    },
}

impl ClaimedWork {
    /// Waits for the turn of a run. Returns `None` if the worker ends meanwhile, or if other runs keep
    /// the lock for longer than a run can last, as one does whose body blocks its thread.
    pub(crate) async fn turn(&self) -> Option<Turn<'_>> {
        let mut turn = None;
        let comes = async { turn = self.next_turn().await };
        select(comes, self.runner.ended()).await;
        turn
    }

    /// A run takes its permit before the lock, so a run that is alone waits for the bodies that run
    /// already, and for no run that waits for a permit. It takes no permit itself, because a run that
    /// waits for the lock may have the last one.
    async fn next_turn(&self) -> Option<Turn<'_>> {
        let runs = &self.runner.core.queues.runs;
        let limit = self.runner.longest_run();
        if self.runs_alone {
            let lock = timeout(limit, runs.write()).await.ok()?;
            return Some(Turn::Alone { _lock: lock });
        }
        let permit = self.runner.permits.acquire().await.ok()?;
        let lock = timeout(limit, runs.read()).await.ok()?;
        Some(Turn::Beside {
            _lock: lock,
            _permit: permit,
        })
    }
}

impl Runner {
    /// Returns the longest time for which a run of any function has the lock: that of its body, and
    /// that in which the queue is told of its beginning and of its end.
    fn longest_run(&self) -> Duration {
        let timeouts = registered().map(|spec| spec.timeout);
        let longest = timeouts.max().unwrap_or_default();
        longest.max(self.spec.timeout).saturating_add(2 * LEASE)
    }
}
