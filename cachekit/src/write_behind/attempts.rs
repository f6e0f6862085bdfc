//! The failed attempts at a write, the pauses between them, and the decision when the write is put
//! aside.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::sync::Mutex;

/// The pause before the first repetition of a failed write. It doubles with each attempt.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest pause before the repetition of a failed write.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// The number of further attempts, each after the longest pause, before a write is put aside though
/// no other write succeeds.
const PATIENT_RETRIES: u32 = 60;

/// The failed attempts at the first write of a key. The queue keeps them as one number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// All of them.
    failed: u16,
    /// Those for which the write itself is at fault, as far as is known: the first one, and each
    /// before which another write succeeded. Those of an outage of the source are not counted.
    at_fault: u16,
}

impl Attempts {
    /// Returns the attempts that the queue keeps as `number`.
    pub(crate) fn of(number: u32) -> Self {
        let [at_fault, failed] = [number >> 16, number & 0xffff];
        Self {
            failed: u16::try_from(failed).unwrap_or(u16::MAX),
            at_fault: u16::try_from(at_fault).unwrap_or(u16::MAX),
        }
    }

    fn number(self) -> i64 {
        (i64::from(self.at_fault) << 16) | i64::from(self.failed)
    }

    /// Returns the number that the queue adds to its own so that `self` becomes `later`.
    pub(crate) fn steps_to(self, later: Self) -> i64 {
        later.number() - self.number()
    }

    /// Returns the number of failed attempts.
    pub(crate) fn failed(self) -> u32 {
        self.failed.into()
    }

    /// Returns the attempts after a further one that failed. Returns `None` if the write is to be put
    /// aside, after `retries` repetitions.
    pub(crate) fn after_failure(self, retries: u32, source: &SourceHealth) -> Option<Self> {
        let has_succeeded = source.has_succeeded_within(self.least_pause());
        let at_fault = match (self.failed, has_succeeded) {
            (0, _) => 1,
            (_, true) => self.at_fault.saturating_add(1),
            // The source was away at the first attempt too.
            (1, false) => 0,
            (_, false) => self.at_fault,
        };
        let is_over = u32::from(at_fault) > retries
            || self.failed() >= retries.saturating_add(PATIENT_RETRIES);
        let failed = self.failed.saturating_add(1);
        (!is_over).then_some(Self { failed, at_fault })
    }

    /// Returns the shortest time that can have passed since the last failed attempt.
    fn least_pause(self) -> Duration {
        match self.failed() {
            0 => Duration::ZERO,
            failed => pause(failed - 1, 1.0),
        }
    }

    /// Returns the pause before the next attempt.
    pub(crate) fn pause(self) -> Duration {
        pause(self.failed(), fastrand::f64())
    }
}

/// The last success of one function's runs in one worker.
#[derive(Debug, Default)]
pub(crate) struct SourceHealth(Mutex<Option<Instant>>);

impl SourceHealth {
    pub(crate) fn succeeded(&self) {
        *self.0.lock() = Some(Instant::now());
    }

    fn has_succeeded_within(&self, time: Duration) -> bool {
        self.0.lock().is_some_and(|last| last.elapsed() < time)
    }
}

/// Returns the pause after `failed` further failed attempts before the next one. `random` is a number
/// from 0 to 1: the pause is shortened by up to half, so that writes that failed together are not
/// repeated together.
fn pause(failed: u32, random: f64) -> Duration {
    let doubled = FIRST_BACKOFF.saturating_mul(1 << failed.min(16));
    doubled
        .min(LONGEST_BACKOFF)
        .mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds = [0, 1, 2, 5, 6, 60].map(|failed| pause(failed, 0.0).as_secs());
        assert_eq!(seconds, [1, 2, 4, 32, 60, 60]);
        assert_eq!(pause(0, 1.0), Duration::from_millis(500));
    }

    /// Lets a write fail until it is put aside, with a success of another write before each attempt
    /// for which `succeeds` returns `true`. Returns the number of attempts.
    fn attempts(retries: u32, succeeds: impl Fn(u32) -> bool) -> u32 {
        let mut attempts = Attempts::default();
        for number in 1.. {
            let source = SourceHealth::default();
            if succeeds(number) {
                source.succeeded();
            }
            let Some(later) = attempts.after_failure(retries, &source) else {
                return number;
            };
            let before = u32::try_from(attempts.number()).unwrap();
            let sum = i64::from(before) + attempts.steps_to(later);
            attempts = Attempts::of(u32::try_from(sum).unwrap());
            assert_eq!(attempts, later);
        }
        unreachable!()
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_fails_while_others_succeed_has_its_retries() {
        for retries in [0, 1, 2, 10] {
            assert_eq!(attempts(retries, |_| true), retries + 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_attempts_of_an_outage_do_not_count() {
        for retries in [1, 2, 10] {
            assert_eq!(attempts(retries, |_| false), retries + 61);
            // The outage lasts for 20 attempts.
            assert_eq!(attempts(retries, |number| number > 20), 21 + retries);
        }
        // It begins at the third attempt, after two that count.
        for retries in [2, 10] {
            let again = |number| !(3..20).contains(&number);
            assert_eq!(attempts(retries, again), 20 + retries - 2);
        }
    }

    /// Only the first attempt counts without a proof, and only that one is taken back.
    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_counted_is_not_forgotten() {
        for retries in [1, 2, 10] {
            let every_other = |number: u32| number % 2 == 1;
            assert_eq!(attempts(retries, every_other), 2 * retries + 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_before_the_last_attempt_says_nothing() {
        let source = SourceHealth::default();
        source.succeeded();
        let first = Attempts::default().after_failure(1, &source).unwrap();
        tokio::time::advance(Duration::from_millis(500)).await;
        assert!(first.after_failure(1, &source).is_some());
        source.succeeded();
        assert!(first.after_failure(1, &source).is_none());
    }
}
