//! The background task that restores a failed store. It first sends what the store has not
//! accepted; then the store must answer a question in time.

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
use crate::l2::send_invalidation::send_invalidation;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::key_name::StoreKey;
use crate::store::port::Store;

/// The first pause between two attempts to send what was not accepted.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pause before the first probe of a store that failed several times in a row.
const FIRST_REST: Duration = Duration::from_millis(100);

/// A store that fails again within this time had not recovered: the pauses keep growing.
const RELAPSE: Duration = Duration::from_secs(10);

/// The time limit of operations for which no caller waits.
pub(crate) const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(1);

/// The time for which an abandoned cache keeps sending what the store has not accepted.
const LINGER: Duration = Duration::from_secs(300);

/// The recovery of one store.
pub(crate) struct Recovery {
    pub(crate) bus: Arc<BusClient>,
    /// Not behind its breaker.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) breaker: Arc<Breaker>,
    /// The time limit of a call, which a probe must keep.
    pub(crate) call_timeout: Duration,
}

impl Recovery {
    /// Supervises the store while the cache exists; `abandoned` is notified when it is dropped.
    /// Names that the store has not accepted are still sent after that: otherwise the store would
    /// keep values that a write has changed. The task then ends, and with it the connections.
    pub(crate) async fn run(self, abandoned: Arc<Notify>) {
        // Names that were being sent are sent again.
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

    /// Sends until nothing is left.
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

    /// Sends names until the store accepts them, and probes a store whose breaker is open until it
    /// answers.
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
                    // Open again before the pause, so that every reader of the state sees it.
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

    /// Sends the next names that were not accepted. Returns `true` if they are accepted or none
    /// waits. One batch, not all: calls that go on without the store add more. Names that still
    /// wait keep the calls that they concern from the store even when the breaker is closed.
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
                // Their leases are gone with the entries.
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

    /// Returns `true` if a call would get its answer in time.
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
