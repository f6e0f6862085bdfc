//! Waiting for another process to end its computation.
//!
//! The store tells when a lease ends for which somebody waits; the message finds the
//! waiters here. It may be lost, so every wait also ends by itself, and then asks.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::base::sync::{Mutex, MutexGuard};
use crate::store::key_name::Name;

/// Who waits for which entry.
#[derive(Debug, Default)]
pub(crate) struct Wakes(Mutex<HashMap<Name, Waited>>);

/// An entry that somebody waits for.
#[derive(Debug, Default)]
struct Waited {
    wake: Arc<Notify>,
    /// How many wait. Not the count of `wake`: one who leaves still has its own then.
    waiters: usize,
}

/// One who waits. Dropped, it waits no more.
#[derive(Debug)]
pub(crate) struct Waiter {
    wakes: Arc<Wakes>,
    name: Name,
    wake: Arc<Notify>,
}

impl Wakes {
    /// Begins to wait: a message that comes from here on is not missed.
    pub(crate) fn enter(self: &Arc<Self>, name: &Name) -> Waiter {
        let mut table = self.lock();
        let waited = table.entry(name.clone()).or_default();
        waited.waiters += 1;
        Waiter {
            wakes: Arc::clone(self),
            name: name.clone(),
            wake: Arc::clone(&waited.wake),
        }
    }

    /// The lease of `name` ended.
    pub(crate) fn wake(&self, name: &Name) {
        if let Some(waited) = self.lock().get(name) {
            // Kept for one who entered and does not wait yet.
            waited.wake.notify_one();
            waited.wake.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Waited>> {
        self.0.lock()
    }
}

impl Waiter {
    /// Waits for the next message.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut table = self.wakes.lock();
        if let Some(waited) = table.get_mut(&self.name) {
            waited.waiters -= 1;
            if waited.waiters == 0 {
                table.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_before_the_wait_is_not_missed() {
        let wakes = Arc::new(Wakes::default());
        let name = Name::read(b"k:a");
        let waiter = wakes.enter(&name);
        wakes.wake(&name);
        waiter.woken().await;
        drop(waiter);
        assert!(wakes.lock().is_empty());
        wakes.wake(&name);
    }

    #[test]
    fn the_last_of_those_who_leave_together_tidies_up() {
        let wakes = Arc::new(Wakes::default());
        let name = Name::read(b"k:a");
        let waiters = [wakes.enter(&name), wakes.enter(&name)];
        // As one has it that has left the table and is not gone altogether.
        let leaving = Arc::clone(&waiters[0].wake);
        drop(waiters);
        assert!(wakes.lock().is_empty());
        drop(leaving);
    }
}
