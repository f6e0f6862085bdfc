//! The second tier as one cache has it: the store, and what keeps it honest.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::codec::Codec;
use crate::counter::Counter;
use crate::event;
use crate::outbox::Outbox;
use crate::owner::Owner;
use crate::reason::Reasons;
use crate::remote::name::Name;
use crate::remote::{Failure, Message, Sink, Store};
use crate::stats::{RedisMisses, RedisStats};
use crate::wakes::Wakes;

/// The pause between two attempts to send what was not accepted.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What nobody waits for may take longer.
const BACKGROUND: Duration = Duration::from_secs(1);

/// A shared store in use.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(super) store: Arc<dyn Store>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) wakes: Arc<Wakes>,
    pub(super) counts: RemoteCounts,
    pub(super) settings: Settings,
    runtime: Handle,
    sender: JoinHandle<()>,
}

/// How a cache uses its store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// The longest that a call waits for it.
    pub(crate) timeout: Duration,
    pub(crate) codec: Codec,
    /// The largest value that is stored or read, in bytes.
    pub(crate) max_value: usize,
}

/// What happened to it.
#[derive(Debug, Default)]
pub(crate) struct RemoteCounts {
    pub(super) reasons: Reasons,
    pub(super) stores: Counter,
    pub(super) refused_stores: Counter,
    /// Larger than allowed, or of a type that the codec cannot carry.
    pub(super) unstorable: Counter,
    /// Questions without an answer in time, or answered with an error.
    pub(super) failures: Counter,
    /// Times that a call waited for another process.
    pub(super) waits: Counter,
}

/// What a store needs of the cache before there is one.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    outbox: Arc<Outbox>,
    wakes: Arc<Wakes>,
}

impl Parts {
    /// What the store's messages do.
    pub(crate) fn sink(&self) -> Sink {
        let (outbox, wakes) = (Arc::clone(&self.outbox), Arc::clone(&self.wakes));
        Arc::new(move |message| match message {
            Message::Up(true) => outbox.retry(),
            Message::Up(false) => {}
            Message::Wake(name) => wakes.wake(&name),
        })
    }

    /// Takes `store` into use, on this runtime.
    pub(crate) fn with(self, store: Arc<dyn Store>, settings: Settings) -> Remote {
        let sender = tokio::spawn(send(Arc::clone(&store), Arc::clone(&self.outbox)));
        Remote {
            store,
            outbox: self.outbox,
            wakes: self.wakes,
            counts: RemoteCounts::default(),
            settings,
            runtime: Handle::current(),
            sender,
        }
    }
}

impl Remote {
    /// Whether it may be read and stored into: it can be asked, and it was told everything
    /// that was invalidated here.
    pub(super) fn is_usable(&self) -> bool {
        self.outbox.is_clear() && self.store.is_up()
    }

    /// When a call that asks now stops waiting.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.settings.timeout
    }

    /// When what nobody waits for is given up.
    pub(super) fn late_deadline() -> Instant {
        Instant::now() + BACKGROUND
    }

    /// Runs `future` without anybody waiting for it.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        // Not on the caller's runtime: that may be another one, and end before.
        self.runtime.spawn(future);
    }

    /// Has `names` removed; what is not accepted now waits in the outbox.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves them there too.
    pub(super) async fn remove(&self, names: Vec<Name>) {
        let doubt = self.doubt(names);
        let told = self.store.invalidate(&doubt.names, self.deadline()).await;
        match told {
            Ok(()) => doubt.settle(),
            Err(failure) => self.failed(&failure),
        }
    }

    /// Begins something after whose failure nobody knows what the store holds of `names`.
    pub(super) fn doubt(&self, names: Vec<Name>) -> Doubt {
        Doubt {
            outbox: Arc::clone(&self.outbox),
            names,
        }
    }

    pub(super) fn stats(&self) -> RedisStats {
        RedisStats {
            is_up: self.store.is_up(),
            stores: self.counts.stores.sum(),
            refused_stores: self.counts.refused_stores.sum(),
            unstorable: self.counts.unstorable.sum(),
            failures: self.counts.failures.sum(),
            waits: self.counts.waits.sum(),
            unaccepted: self.outbox.len(),
            misses: RedisMisses::of(&self.counts.reasons),
        }
    }

    /// Counts it every time, and says it once for each function.
    pub(super) fn unstorable(&self, owner: &Owner, why: &str) {
        self.counts.unstorable.bump();
        if owner.is_first_complaint() {
            event::unstorable(&owner.name, why);
        }
    }

    pub(super) fn failed(&self, failure: &Failure) {
        self.counts.failures.bump();
        event::redis_failed(failure);
    }
}

/// What may be stale in the store. Dropped before it is settled, it waits in the outbox for
/// its removal: so whoever drops the future that holds it leaves nothing old behind.
#[derive(Debug)]
#[must_use]
pub(super) struct Doubt {
    outbox: Arc<Outbox>,
    names: Vec<Name>,
}

impl Doubt {
    /// It is known what the store holds, or somebody else sees to it.
    pub(super) fn settle(mut self) {
        self.names.clear();
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        self.outbox.add(std::mem::take(&mut self.names));
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.sender.abort();
    }
}

/// Sends what was not accepted, again and again, until it is.
async fn send(store: Arc<dyn Store>, outbox: Arc<Outbox>) {
    let mut pause = FIRST_PAUSE;
    loop {
        outbox.filled().await;
        let names = outbox.next();
        let told = store.invalidate(&names, Instant::now() + BACKGROUND).await;
        if told.is_ok() {
            outbox.accepted();
            pause = FIRST_PAUSE;
        } else {
            let _ = tokio::time::timeout(pause, outbox.retried()).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
