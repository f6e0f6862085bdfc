//! The round trip of an operation on the fake store, with the fault that a test set for it.

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::base::durations::from_now;
use crate::store::event::StoreEvent;
use crate::store::failure::Failure;
use crate::store::fake::Fake;
use crate::store::fake::data::Data;
use crate::store::fake::trouble::{Op, Step, Trouble};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};

impl Fake {
    /// Simulates the round trip of an operation that sends no messages, as
    /// [`ask_and_tell`](Self::ask_and_tell) does.
    pub(crate) async fn ask<T, F>(
        &self,
        op: Op,
        names: &[StoreKey],
        until: Instant,
        step: F,
    ) -> Result<T, Failure>
    where
        F: FnOnce(&mut Data) -> T + Send + 'static,
    {
        self.ask_and_tell(op, names, until, step, |_| ()).await
    }

    /// Simulates a round trip: logs the operation, applies the fault that the test set for it, and
    /// runs the operation. `tell` sends the messages of an operation that ran. A slow answer does not
    /// delay the messages.
    pub(crate) async fn ask_and_tell<T, F>(
        &self,
        op: Op,
        names: &[StoreKey],
        until: Instant,
        step: F,
        tell: impl Fn(&T),
    ) -> Result<T, Failure>
    where
        F: FnOnce(&mut Data) -> T + Send + 'static,
    {
        let trouble = {
            let mut state = self.shared.lock();
            let trouble = state.troubles.next(op);
            let is_dead = state.dead.contains(&self.number);
            if is_dead || state.is_unreachable || trouble == Some(Trouble::Unavailable) {
                return Err(Failure::Unavailable);
            }
            if op.is_asked_for() {
                state.log.push(Step::new(op, names));
            }
            trouble
        };
        let answer = match trouble {
            None => Ok(self.shared.run(step)),
            Some(Trouble::Unavailable) => Err(Failure::Unavailable),
            Some(Trouble::Rejected(code)) => Err(Failure::Rejected(code.to_owned())),
            Some(Trouble::Lost) => Err(Failure::Indeterminate),
            Some(Trouble::AnswerLost) => {
                self.shared.run(step);
                Err(Failure::Indeterminate)
            }
            Some(Trouble::Held) => self.hold(step),
            Some(Trouble::Slow(delay)) => {
                let done = self.shared.run(step);
                tell(&done);
                let arrives = sleep_until(from_now(delay));
                let in_time = timeout_at(until, arrives).await;
                return in_time.map(|()| done).map_err(|_| Failure::Indeterminate);
            }
            Some(Trouble::Late(delay)) => {
                let arrives = sleep_until(from_now(delay));
                match timeout_at(until, arrives).await {
                    Ok(()) => Ok(self.shared.run(step)),
                    Err(_) => self.hold(step),
                }
            }
        };
        // A network does not answer at once. The caller can be dropped while it waits.
        tokio::task::yield_now().await;
        answer.inspect(tell)
    }

    /// Sends `message` to the cache of the node `whom`, or to all caches if `whom` is `None`.
    pub(crate) fn publish(&self, whom: Option<NodeId>, message: &BusMessage) {
        self.shared
            .tell(whom, &StoreEvent::Received(message.clone()));
    }

    /// Holds `step`, an operation on the store, until the test releases it.
    fn hold<T>(&self, step: impl FnOnce(&mut Data) -> T + Send + 'static) -> Result<T, Failure> {
        let later = Box::new(|data: &mut Data| drop(step(data)));
        self.shared.lock().held.push(later);
        Err(Failure::Indeterminate)
    }
}
