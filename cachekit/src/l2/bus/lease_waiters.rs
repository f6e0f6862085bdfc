//! Lease waiters: calls that wait until another process has ended its computation of a key.
//!
//! When the lease of an entry ends and some process waits for the lease, the store publishes a
//! message, which wakes the waiters of this process. The message may be lost. Therefore each wait
//! also has a time limit, after which the waiter asks the store again.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::base::sync::{Mutex, MutexGuard};
use crate::store::key_name::StoreKey;

/// The lease waiters of this process, for each entry that another process computes.
#[derive(Debug, Default)]
pub(crate) struct LeaseWaiters(Mutex<HashMap<StoreKey, AwaitedLease>>);

/// The lease waiters for one entry. At least one waiter exists.
#[derive(Debug, Default)]
struct AwaitedLease {
    wake: Arc<Notify>,
    /// The number of lease waiters for the entry. The reference count of `wake` is no substitute,
    /// because a waiter that leaves still has its own reference.
    waiters: usize,
}

/// A call that waits for the end of an entry's lease. A `LeaseWaiter` that is dropped is removed
/// from the table of waiters.
#[derive(Debug)]
pub(crate) struct LeaseWaiter {
    lease_waiters: Arc<LeaseWaiters>,
    name: StoreKey,
    wake: Arc<Notify>,
}

impl LeaseWaiters {
    /// Adds a waiter for the lease of the entry `name`. A message that the lease ended wakes the
    /// waiter if the message arrives from now on, even if the waiter calls
    /// [`woken`](LeaseWaiter::woken) only later.
    pub(crate) fn enter(self: &Arc<Self>, name: &StoreKey) -> LeaseWaiter {
        let mut table = self.lock();
        let awaited = table.entry(name.clone()).or_default();
        awaited.waiters += 1;
        LeaseWaiter {
            lease_waiters: Arc::clone(self),
            name: name.clone(),
            wake: Arc::clone(&awaited.wake),
        }
    }

    /// Wakes the waiters for the entry `name`, whose lease ended.
    pub(crate) fn wake(&self, name: &StoreKey) {
        if let Some(awaited) = self.lock().get(name) {
            // The wake-up is stored for a waiter that has entered and does not wait yet.
            awaited.wake.notify_one();
            awaited.wake.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StoreKey, AwaitedLease>> {
        self.0.lock()
    }
}

impl LeaseWaiter {
    /// Waits for the message that the lease of the entry ended.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Drop for LeaseWaiter {
    fn drop(&mut self) {
        let mut table = self.lease_waiters.lock();
        if let Some(awaited) = table.get_mut(&self.name) {
            awaited.waiters -= 1;
            if awaited.waiters == 0 {
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
        let lease_waiters = Arc::new(LeaseWaiters::default());
        let name = StoreKey::read(b"k:a");
        let waiter = lease_waiters.enter(&name);
        lease_waiters.wake(&name);
        waiter.woken().await;
        drop(waiter);
        assert!(lease_waiters.lock().is_empty());
        lease_waiters.wake(&name);
    }

    #[test]
    fn the_last_of_those_who_leave_together_tidies_up() {
        let lease_waiters = Arc::new(LeaseWaiters::default());
        let name = StoreKey::read(b"k:a");
        let waiters = [lease_waiters.enter(&name), lease_waiters.enter(&name)];
        // The clone acts like a waiter that has left the table and has not dropped its own
        // reference yet.
        let leaving = Arc::clone(&waiters[0].wake);
        drop(waiters);
        assert!(lease_waiters.lock().is_empty());
        drop(leaving);
    }
}
