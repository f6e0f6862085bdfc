//! The test that a master takes writes, which is the first command of some pipelines.
//!
//! A master that is cut off from the others refuses writes, but still answers reads, while
//! invalidations go to the master that took its place.

use redis::{Cmd, cmd};
use tokio::time::{Duration, Instant};

use crate::base::sync::Mutex;
use crate::store::redis::cluster::slot::slot;

/// The last time at which a master is known to have accepted a write of this process.
#[derive(Debug)]
pub(crate) struct WriteCheck {
    /// The name that the test removes. The name never has a value, and its slot is one of the
    /// master's. `None` if the master has no slot: then it is asked only for the keys of a slot that
    /// it is about to get, and the master that has the slot was tested just before.
    name: Mutex<Option<Vec<u8>>>,
    /// The time at which the last test was sent that the master passed.
    passed_at: Mutex<Option<Instant>>,
}

impl WriteCheck {
    pub(crate) fn new(name: Option<Vec<u8>>) -> Self {
        Self {
            name: Mutex::new(name),
            passed_at: Mutex::default(),
        }
    }

    /// Returns the command that tests the master, unless the master has passed a test that was sent
    /// less than `limit` before `now`.
    pub(crate) fn due(&self, now: Instant, limit: Duration) -> Option<Cmd> {
        let passed_at = *self.passed_at.lock();
        if passed_at.is_some_and(|passed_at| now - passed_at < limit) {
            return None;
        }
        let name = self.name.lock().clone()?;
        let mut remove = cmd("UNLINK");
        remove.arg(name);
        Some(remove)
    }

    /// Records that the master passed a test that was sent at `sent`.
    pub(crate) fn passed(&self, sent: Instant) {
        let mut passed_at = self.passed_at.lock();
        *passed_at = Some(passed_at.map_or(sent, |last| last.max(sent)));
    }

    /// Returns the slot of the name that the test removes.
    pub(crate) fn slot(&self) -> Option<u16> {
        self.name.lock().as_deref().map(slot)
    }

    /// Has the next test remove `name`, because the slot of the present name gets another master.
    pub(crate) fn rename(&self, name: Option<Vec<u8>>) {
        *self.name.lock() = name;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_test_is_due_when_the_last_one_is_long_ago() {
        let limit = Duration::from_millis(750);
        let check = WriteCheck::new(Some(b"beat".to_vec()));
        let start = Instant::now();
        assert!(check.due(start, limit).is_some(), "nothing was sent yet");
        check.passed(start + limit / 2);
        check.passed(start);
        assert!(check.due(start + limit, limit).is_none());
        assert!(check.due(start + limit + limit / 2, limit).is_some());
        check.rename(None);
        assert!(check.due(start + limit * 3, limit).is_none());
    }
}
