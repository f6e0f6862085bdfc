//! A limit on events that each call may cause: the log gets at most one event a minute of each kind
//! for each function.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[cfg(feature = "tracing")]
use crate::base::sync::Mutex;

/// The least time between two events of one kind and one function.
const INTERVAL: Duration = Duration::from_secs(60);

/// The largest number of remembered pairs of a kind and a function. The functions beyond it share
/// one event a minute for each kind.
const MOST: usize = 1_024;

/// The events of this process. Two caches of one process share the limit.
#[cfg(feature = "tracing")]
static EVENTS: Mutex<Limit> = Mutex::new(Limit::new());

/// The last events, by kind and function.
struct Limit(BTreeMap<(&'static str, String), Last>);

/// The last event of one kind and one function.
struct Last {
    at: Instant,
    /// Number of events that were left out since then.
    left_out: u64,
}

impl Limit {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Returns the number of events that were left out before this one, or `None` if this event is
    /// left out too.
    fn admit(&mut self, kind: &'static str, function: &str, now: Instant) -> Option<u64> {
        let mut name = (kind, function.to_owned());
        if self.0.len() >= MOST && !self.0.contains_key(&name) {
            name.1.clear();
        }
        let Some(last) = self.0.get_mut(&name) else {
            let (at, left_out) = (now, 0);
            self.0.insert(name, Last { at, left_out });
            return Some(0);
        };
        if now.saturating_duration_since(last.at) < INTERVAL {
            last.left_out += 1;
            return None;
        }
        last.at = now;
        Some(std::mem::take(&mut last.left_out))
    }
}

/// Returns the number of events of `kind` and `function` that were left out before this one, or
/// `None` if this event is to be left out, because another such event was written within the last
/// minute.
#[cfg(feature = "tracing")]
pub(crate) fn admit(kind: &'static str, function: &str) -> Option<u64> {
    EVENTS.lock().admit(kind, function, Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_minute_is_written_with_a_count_of_the_others() {
        let mut limit = Limit::new();
        let start = Instant::now();
        assert_eq!(limit.admit("slow", "user", start), Some(0));
        for _ in 0..7 {
            assert_eq!(limit.admit("slow", "user", start), None);
        }
        assert_eq!(limit.admit("slow", "order", start), Some(0), "a function");
        assert_eq!(limit.admit("hung", "user", start), Some(0), "a kind");
        let nearly = start + Duration::from_millis(59_999);
        assert_eq!(limit.admit("slow", "user", nearly), None);
        assert_eq!(limit.admit("slow", "user", start + INTERVAL), Some(8));
        assert_eq!(limit.admit("slow", "user", start + INTERVAL), None);
        assert_eq!(limit.admit("slow", "user", start + 2 * INTERVAL), Some(1));
    }

    #[test]
    fn memory_and_events_have_a_bound() {
        let mut limit = Limit::new();
        let start = Instant::now();
        let mut all = 0..10 * MOST;
        let admitted = all
            .clone()
            .filter(|number| limit.admit("slow", &number.to_string(), start).is_some());
        assert_eq!(admitted.count(), MOST + 1);
        assert_eq!(limit.0.len(), MOST + 1);
        let again = all.all(|number| limit.admit("slow", &number.to_string(), start).is_none());
        assert!(again);
    }
}
