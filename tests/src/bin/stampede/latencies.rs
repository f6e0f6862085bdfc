//! The latencies of all calls. Every one is kept, so that no percentile is a guess.

use std::time::Duration;

/// The lengths of many calls, sorted once they are all there.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(lengths: I) -> Self {
        let mut lengths: Vec<_> = lengths.into_iter().collect();
        lengths.sort_unstable();
        Self(lengths)
    }
}

impl Latencies {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The length that `per_mille` of 1,000 calls do not exceed; `None` without a call.
    pub(crate) fn at(&self, per_mille: usize) -> Option<Duration> {
        let rank = (self.0.len() * per_mille).div_ceil(1_000);
        self.0.get(rank.saturating_sub(1)).copied()
    }

    pub(crate) fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// How many took `length` or longer.
    pub(crate) fn from(&self, length: Duration) -> usize {
        self.0.len() - self.0.partition_point(|&it| it < length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_calls() {
        let all: Latencies = (1..=1_000).rev().map(Duration::from_millis).collect();
        assert_eq!(all.at(500), Some(Duration::from_millis(500)));
        assert_eq!(all.at(999), Some(Duration::from_millis(999)));
        assert_eq!(all.max(), Duration::from_secs(1));
        assert_eq!(all.from(Duration::from_millis(991)), 10);
        assert_eq!(Latencies::default().at(500), None);
    }
}
