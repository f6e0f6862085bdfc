//! The background task that restores the use of a failed store (L2). The task first sends the
//! invalidations that the store has not accepted. After that, the store must answer a question in
//! time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::random::jittered;
use crate::base::select::select;
use crate::base::trace;
use crate::base::trace::redis_connection::queued_invalidations_sent;
use crate::l2::bus::client::BusClient;
use crate::l2::circuit_breaker::Breaker;
use crate::l2::send_invalidation::send_invalidation;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::Store;
use crate::store::write_mark::WriteMark;

/// The first pause between two attempts to send the invalidations that the store has not accepted.
/// Each further pause is twice as long as the pause before.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pause between the opening of the circuit breaker and the first probe, a trial command that
/// shows if the store works again.
const FIRST_REST: Duration = Duration::from_millis(100);

/// The time after a successful probe (a trial command to the store) within which a further failure
/// means that the store had not recovered. After such a failure, the pauses before further probes
/// continue to grow.
const RELAPSE: Duration = Duration::from_secs(10);

/// The time limit of operations on the store for which no caller waits.
pub(crate) const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(1);

/// The time for which the recovery task of a dropped cache still sends the invalidations that the
/// store has not accepted.
const LINGER: Duration = Duration::from_secs(300);

/// The task that recovers a failed store, with the parts of the cache that the task needs.
#[derive(Clone)]
pub(crate) struct Recovery {
    pub(crate) bus: Arc<BusClient>,
    /// The store without its circuit breaker, for probes (trial commands), which must reach the
    /// store while the circuit breaker is open.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) breaker: Arc<Breaker>,
    /// The time for which a call waits for the store. The store must answer a probe (a trial
    /// command) within that time.
    pub(crate) call_timeout: Duration,
}

impl Recovery {
    /// Supervises the store until `abandoned` is notified, which happens when the cache is dropped.
    /// After the drop, the task sends the names whose invalidation the store has not accepted, for
    /// [`LINGER`] at most. Without these invalidations, the store would keep values that a write
    /// has changed. The connections end with the task.
    pub(crate) async fn run(self, abandoned: Arc<Notify>) {
        // Names that were being sent when the cache was dropped are sent again by `send_all`.
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

    /// Sends names from the outbox until the store has accepted all of them.
    async fn send_all(&self) {
        let mut pause = FIRST_PAUSE;
        while !self.bus.outbox.is_clear() {
            if self.send_next().await.is_ok() {
                pause = FIRST_PAUSE;
            } else {
                self.wait(pause).await;
                pause = longer(pause);
            }
        }
    }

    /// Sends names from the outbox until the store accepts them, and probes a store whose circuit
    /// breaker is open until the store answers. Never returns.
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
            let sent = self.send_next().await;
            match attempt {
                None if sent.is_ok() => pause = FIRST_PAUSE,
                Some(attempt) if may_close_after(&sent) && self.is_healthy().await => {
                    attempt.succeeded();
                    healthy_since = Some(Instant::now());
                }
                Some(attempt) => {
                    // The breaker opens again before the pause, so that every reader sees its
                    // state.
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

    /// Sends one batch of names from the outbox. Returns `Ok` if the store accepted the batch or
    /// no name waits. Sends only one batch, because calls that skip the store add more names. A
    /// call for which a name still waits does not use the store, even when the circuit breaker is
    /// closed.
    async fn send_next(&self) -> Result<(), Failure> {
        let outbox = &self.bus.outbox;
        if outbox.is_clear() {
            return Ok(());
        }
        let names = outbox.next(|name| self.store.reaches(name));
        let until = from_now(BACKGROUND_TIMEOUT);
        match send_invalidation(
            &self.bus,
            &*self.store,
            (&names, InvalidationMode::Hard, &[]),
            until,
        )
        .await
        {
            Ok(()) => {
                outbox.accepted();
                let waited = outbox.take_waited();
                if waited > 0 {
                    queued_invalidations_sent(waited);
                }
                self.unmark(&outbox.take_ended()).await;
                // The leases of these entries are removed with them, so the waiters must ask again.
                for name in &names {
                    self.bus.wake(name);
                }
                Ok(())
            }
            Err(failure) => {
                outbox.give_back();
                trace::redis_failed(&failure);
                if failure.is_ambiguous() {
                    self.breaker.failed();
                }
                Err(failure)
            }
        }
    }

    /// Removes the marks of writes whose names the store has accepted.
    async fn unmark(&self, ended: &[WriteMark]) {
        if !ended.is_empty() {
            // If a mark stays, its time is over soon. Another process then carries it out, which
            // costs misses.
            let _ = self.store.unmark(ended, from_now(BACKGROUND_TIMEOUT)).await;
        }
    }

    /// Returns `true` if the store answers a read of one version within the time limit of a call.
    async fn is_healthy(&self) -> bool {
        let question = [StoreKey::everything()];
        let until = from_now(self.call_timeout);
        self.store.versions(&question, until).await.is_ok()
    }

    /// Waits for `pause`, with some jitter, or until the store has a new connection.
    async fn wait(&self, pause: Duration) {
        let _ = timeout(jittered(pause), self.bus.outbox.retried()).await;
    }
}

/// Returns `true` if a healthy store may be used after names were sent with the result `sent`. Without
/// a connection to the server of a name, a healthy store is a cluster in which one master is away, and
/// the other masters may be used. The names still wait, so no call uses the store for them.
fn may_close_after(sent: &Result<(), Failure>) -> bool {
    matches!(sent, Ok(()) | Err(Failure::Unavailable))
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_PAUSE)
}
