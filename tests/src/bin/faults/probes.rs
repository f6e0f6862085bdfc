//! The times at which Redis gave values of one master's slots.

use std::time::Duration;

use crate::record::Probe;

/// From `began` until the first answer of Redis after the last call that it did not answer; zero: it
/// answered all. `None`: it does not answer any more.
pub(crate) fn again(probes: &[Probe], began: u64) -> Option<Duration> {
    let since: Vec<_> = probes.iter().filter(|it| it.time >= began).collect();
    let Some(last) = since.iter().rposition(|it| !it.is_from_redis) else {
        return (!since.is_empty()).then_some(Duration::ZERO);
    };
    let first = since.get(last + 1)?;
    Some(Duration::from_nanos(first.time - began))
}

/// The longest time between two answers of Redis, from `began` to `ended`.
pub(crate) fn longest_pause(probes: &[Probe], began: u64, ended: u64) -> Duration {
    let answers = probes.iter().filter(|it| it.is_from_redis);
    let times: Vec<u64> = answers.map(|it| it.time).collect();
    let pauses = times
        .windows(2)
        .filter(|pair| pair[1] > began && pair[0] < ended)
        .map(|pair| pair[1] - pair[0]);
    Duration::from_nanos(pauses.max().unwrap_or(ended - began))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probes(times: &[(u64, bool)]) -> Vec<Probe> {
        let probe = |&(time, is_from_redis)| Probe {
            node: 0,
            place: 0,
            time,
            is_from_redis,
        };
        times.iter().map(probe).collect()
    }

    #[test]
    fn the_first_answer_after_the_last_call_without_one() {
        let seen = probes(&[(1, false), (5, true), (12, false), (13, true), (14, false)]);
        assert_eq!(again(&seen, 10), None);
        let seen = probes(&[(1, false), (12, false), (13, true), (14, false), (17, true)]);
        assert_eq!(again(&seen, 10), Some(Duration::from_nanos(7)));
        assert_eq!(again(&seen, 17), Some(Duration::ZERO));
        assert_eq!(again(&[], 0), None);
    }

    #[test]
    fn a_pause_may_begin_before_the_fault_and_end_after_it() {
        let seen = probes(&[(1, true), (9, true), (11, false), (21, true), (50, true)]);
        assert_eq!(longest_pause(&seen, 10, 20), Duration::from_nanos(12));
        assert_eq!(longest_pause(&[], 10, 20), Duration::from_nanos(10));
    }
}
