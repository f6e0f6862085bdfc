//! The master of the bus slot, from which a process receives messages.

use std::sync::Arc;

use crate::base::sync::Mutex;
use crate::store::redis::address::Address;
use crate::store::redis::cluster::links::Links;
use crate::store::redis::place::Place;
use crate::store::redis::resolver::Resolver;
use crate::store::redis::unconnected::Unconnected;

/// Finds the master of the bus slot in the map of slots.
#[derive(Debug)]
pub(crate) struct BusMaster {
    links: Arc<Links>,
    slot: u16,
    /// The master at the last question, and the number of changes until then.
    seen: Mutex<(Option<Place>, u64)>,
}

impl BusMaster {
    pub(crate) fn new(links: Arc<Links>, slot: u16) -> Self {
        Self {
            links,
            slot,
            seen: Mutex::default(),
        }
    }

    /// Waits until `is_over` is `true` of the master of the bus slot.
    async fn until(&self, is_over: impl Fn(Option<&Place>) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.links.changed.notified());
            // A change between the look at the map and the wait must end the wait.
            changed.as_mut().enable();
            if is_over(self.links.master(self.slot).as_ref()) {
                return;
            }
            changed.await;
        }
    }
}

impl Resolver for BusMaster {
    async fn connect<T, F, Fut>(&self, attempt: F) -> Result<(T, u64), Unconnected>
    where
        T: Send,
        F: Fn(Address) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Unconnected>> + Send,
    {
        let changes = self.changes();
        let made = match self.links.master(self.slot) {
            Some(place) => attempt(self.links.address(&place)).await,
            None => Err(Unconnected::passing("no master has the slot of the bus")),
        };
        if made.is_err() {
            self.links.doubt();
        }
        Ok((made?, changes))
    }

    fn may_change(&self) -> bool {
        true
    }

    fn changes(&self) -> u64 {
        let now = self.links.master(self.slot);
        let mut seen = self.seen.lock();
        if seen.0 != now {
            *seen = (now, seen.1 + 1);
        }
        seen.1
    }

    async fn changed(&self, since: u64) {
        self.until(|_| self.changes() != since).await;
    }

    async fn moved(&self, address: &Address, _: u64) {
        let place = address.place();
        self.until(|master| master.is_some() && master != place.as_ref())
            .await;
    }
}
