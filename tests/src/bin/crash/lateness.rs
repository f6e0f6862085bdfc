//! Times of a group of runs, in order.

use std::time::Duration;

/// The times for which old values were served, of the runs in which any was.
#[derive(Debug)]
pub(crate) struct Lateness(Vec<Duration>);

impl Lateness {
    /// Sorts the times.
    pub(crate) fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        Self(times)
    }

    /// Returns the number of times.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the time that half of the runs exceed.
    pub(crate) fn median(&self) -> Option<Duration> {
        self.0.get(self.0.len() / 2).copied()
    }

    /// Returns the longest time.
    pub(crate) fn longest(&self) -> Option<Duration> {
        self.0.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end() {
        let millis = Duration::from_millis;
        let times = Lateness::of([30, 10, 20].into_iter().map(millis));
        assert_eq!(times.median(), Some(millis(20)));
        assert_eq!(times.longest(), Some(millis(30)));
        assert_eq!(times.count(), 3);
        assert_eq!(Lateness::of(std::iter::empty()).median(), None);
    }
}
