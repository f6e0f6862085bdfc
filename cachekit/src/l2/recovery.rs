//! What goes on behind the calls until a store that failed is trusted again: first it is
//! told what it has not accepted, then it has to answer a question in time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::random::jittered;
use crate::base::select::select;
use crate::base::trace;
use crate::l2::bus::client::BusClient;
use crate::l2::circuit_breaker::Breaker;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::key_name::StoreKey;
use crate::store::message::BusMessage;
use crate::store::port::{Failure, Store};

/// The pause between two attempts to send what was not accepted.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pause before a store that has just failed several times in a row is tried.
const FIRST_REST: Duration = Duration::from_millis(100);

/// One that fails again so soon was not well; the pauses go on growing.
const RELAPSE: Duration = Duration::from_secs(10);

/// What nobody waits for may take longer.
pub(crate) const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(1);

/// So long a cache that nobody has any more goes on telling what it owes.
const LINGER: Duration = Duration::from_secs(300);

/// Has `names` invalidated and tells every node.
pub(crate) async fn send_invalidation(
    bus: &BusClient,
    store: &dyn Store,
    (names, mode): (&[StoreKey], InvalidationMode),
    until: Instant,
) -> Result<(), Failure> {
    let message = BusMessage::Invalidated {
        from: bus.node,
        ack: None,
        mode,
        names: names.to_vec(),
    };
    store.invalidate(names, mode, &message, until).await
}

/// A store that needs attention now and then.
pub(crate) struct Recovery {
    pub(crate) bus: Arc<BusClient>,
    /// Not behind its breaker.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) breaker: Arc<Breaker>,
    /// In time for a call.
    pub(crate) call_timeout: Duration,
}

impl Recovery {
    /// Attends to the store for as long as somebody has the cache; `abandoned` says when nobody has. Then
    /// what was not accepted is still sent, until it is: what a write has changed may not stay
    /// in the store because its cache is gone. It ends by itself, and so do the connections.
    pub(crate) async fn run(self, abandoned: Arc<Notify>) {
        // What was being sent is sent again.
        select(self.supervise(), abandoned.notified()).await;
        if removed!(self.bus.terms, LeaveUntold) {
            return;
        }
        let _ = timeout(LINGER, self.send_all()).await;
        let queued_invalidations = self.bus.outbox.len();
        if queued_invalidations > 0 {
            trace::left_unsent(queued_invalidations);
        }
    }

    /// Sends until there is nothing left.
    async fn send_all(&self) {
        let mut pause = FIRST_PAUSE;
        while !self.bus.outbox.is_clear() {
            if self.send_next().await {
                pause = FIRST_PAUSE;
            } else {
                self.wait(pause).await;
                pause = longer(pause);
            }
        }
    }

    /// Sends what was not accepted, again and again, until it is; and tries a store whose
    /// breaker is open until it is well.
    async fn supervise(&self) {
        let (mut pause, mut rest) = (FIRST_PAUSE, FIRST_REST);
        let mut was_closed = true;
        let mut healthy_since: Option<Instant> = None;
        loop {
            select(self.bus.outbox.filled(), self.breaker.opened()).await;
            let opened = was_closed && !self.breaker.is_closed();
            if opened {
                let is_relapse = healthy_since.is_some_and(|since| since.elapsed() < RELAPSE);
                rest = if is_relapse { longer(rest) } else { FIRST_REST };
                self.wait(rest).await;
            }
            let attempt = self.breaker.attempt();
            if attempt.is_some() {
                trace::breaker_half_open();
            }
            let is_sent = self.send_next().await;
            match attempt {
                None if is_sent => pause = FIRST_PAUSE,
                Some(attempt) if is_sent && self.is_healthy().await => {
                    attempt.succeeded();
                    healthy_since = Some(Instant::now());
                }
                Some(attempt) => {
                    // Open again before the pause, for all to see.
                    drop(attempt);
                    rest = longer(rest);
                    self.wait(rest).await;
                }
                None => {
                    self.wait(pause).await;
                    pause = longer(pause);
                }
            }
            was_closed = self.breaker.is_closed();
        }
    }

    /// Sends the next names that were not accepted; whether they are now. Not all of them:
    /// while calls go on without the store they add more, and what still waits keeps the
    /// calls that it concerns from the store also when the breaker is closed.
    async fn send_next(&self) -> bool {
        let outbox = &self.bus.outbox;
        if outbox.is_clear() {
            return true;
        }
        let names = outbox.next();
        let until = from_now(BACKGROUND_TIMEOUT);
        match send_invalidation(
            &self.bus,
            &*self.store,
            (&names, InvalidationMode::Hard),
            until,
        )
        .await
        {
            Ok(()) => {
                outbox.accepted();
                // Leases are gone with their entries.
                for name in &names {
                    self.bus.lease_waiters.wake(name);
                }
                true
            }
            Err(failure) => {
                trace::redis_failed(&failure);
                if failure.is_ambiguous() {
                    self.breaker.failed();
                }
                false
            }
        }
    }

    /// Whether a call would get its answer.
    async fn is_healthy(&self) -> bool {
        let question = [StoreKey::everything()];
        let until = from_now(self.call_timeout);
        self.store.versions(&question, until).await.is_ok()
    }

    /// Waits for `pause`, or until there is a new connection.
    async fn wait(&self, pause: Duration) {
        let _ = timeout(jittered(pause), self.bus.outbox.retried()).await;
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_PAUSE)
}
