//! An open loop: calls begin at fixed times, whether or not earlier calls have ended.
//!
//! A thread of its own sleeps until the next tick and gives the runtime every due call, as one
//! batch. A call's latency counts from the time at which it had to begin. Time for which the
//! runtime is busy therefore counts as waiting (no coordinated omission).

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::latencies::Latencies;

/// How often due calls are handed over.
const TICK: Duration = Duration::from_micros(200);

/// How much before others the generator's thread is to run: it stands for other machines. Without
/// the right to that it takes its turn.
const NICE: i32 = -15;

/// A load is as offered if 99 of 100 calls were handed over by then.
pub(crate) const ON_TIME: Duration = Duration::from_millis(1);

/// So many calls a second for so long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) rate: u32,
    pub(crate) length: Duration,
}

impl Pace {
    /// How many calls there are.
    pub(crate) fn calls(self) -> u32 {
        let calls = u128::from(self.rate) * self.length.as_micros() / 1_000_000;
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// When the call of this number is to begin, after the start.
    pub(crate) fn due(self, number: u32) -> Duration {
        Duration::from_secs(1) * number / self.rate
    }

    /// Hands batches of calls, by their numbers, to `issue`, which must not block; blocks the
    /// thread, which should be one of its own, until all were handed over. Gives by how much each
    /// was late.
    pub(crate) fn offer(self, start: Instant, mut issue: impl FnMut(Range<u32>)) -> Latencies {
        let thread = rustix::thread::gettid();
        let _ = rustix::process::setpriority_process(Some(thread), NICE);
        let calls = self.calls();
        let mut lags = Vec::with_capacity(usize::try_from(calls).unwrap_or_default());
        let mut next = 0;
        while next < calls {
            let now = start.elapsed();
            let due = self.due_by(now).min(calls);
            if due > next {
                issue(next..due);
                let handed_over = start.elapsed();
                lags.extend((next..due).map(|number| handed_over.saturating_sub(self.due(number))));
                next = due;
            }
            let wake = self.due(next).max(now + TICK);
            std::thread::sleep(wake.saturating_sub(start.elapsed()));
        }
        lags.into_iter().collect()
    }

    /// How many calls are to have begun.
    fn due_by(self, elapsed: Duration) -> u32 {
        let due = elapsed.as_nanos() * u128::from(self.rate) / 1_000_000_000 + 1;
        u32::try_from(due).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_handed_over_once_and_not_before_its_time() {
        let pace = Pace {
            rate: 20_000,
            length: Duration::from_millis(100),
        };
        let start = Instant::now();
        let mut next = 0;
        let lags = pace.offer(start, |batch| {
            assert_eq!(batch.start, next);
            assert!(pace.due(batch.end - 1) <= start.elapsed());
            next = batch.end;
        });
        assert_eq!((next, lags.len()), (2_000, 2_000));
    }
}
