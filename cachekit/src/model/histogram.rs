//! Histograms of lengths of time, with fixed buckets that double.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Number of buckets. The upper bound of the first bucket is a microsecond, and each bound is twice
/// the bound before: the bound of the last but one bucket is 25 days. The last bucket has no bound.
const BUCKETS: usize = 43;

/// A histogram of lengths of time: their number in each bucket, and their sum.
///
/// The upper bound of the first bucket is a microsecond, and each further bound is twice the bound
/// before it. All histograms have equal buckets, so histograms of several processes can be added up
/// bucket by bucket.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Number of lengths in each bucket, without empty buckets at the end.
    counts: Vec<u64>,
    sum: Duration,
}

impl Histogram {
    /// Returns the number of recorded lengths.
    pub fn count(&self) -> u64 {
        let counts = self.counts.iter();
        counts.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the sum of all recorded lengths.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Returns the average of the recorded lengths. Returns `None` if no length was recorded.
    pub fn mean(&self) -> Option<Duration> {
        let count = self.count();
        let nanos = self.sum.as_nanos() / u128::from(count.max(1));
        (count > 0).then(|| Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    /// Returns an iterator over the buckets, in ascending order: the upper bound of each bucket,
    /// and the number of lengths in it. A length belongs to the first bucket whose bound is
    /// greater. The bound of the last bucket, for lengths from 25 days on, is [`Duration::MAX`].
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let counts = self.counts.iter().copied().chain(std::iter::repeat(0));
        (0..BUCKETS).map(upper_bound).zip(counts)
    }

    /// Returns the length below which a share `p`, such as 0.99, of the recorded lengths lies. The
    /// result is an estimate: lengths inside of a bucket are taken to be spread evenly. A `p` below
    /// 0 counts as 0, and a `p` above 1 as 1. Returns `None` if no length was recorded.
    #[expect(clippy::cast_precision_loss, reason = "a share of the lengths")]
    pub fn quantile(&self, p: f64) -> Option<Duration> {
        let rank = p.clamp(0.0, 1.0) * self.count() as f64;
        let mut below = 0.0;
        let mut lower = Duration::ZERO;
        for (bound, count) in self.buckets() {
            let upper = if bound == Duration::MAX { lower } else { bound };
            if count > 0 && below + count as f64 >= rank {
                let share = (rank - below) / count as f64;
                return Some(lower + upper.saturating_sub(lower).mul_f64(share.clamp(0.0, 1.0)));
            }
            below += count as f64;
            lower = upper;
        }
        None
    }

    /// Adds the lengths of `other` to this histogram.
    pub(crate) fn add(&mut self, other: &Self) {
        self.counts
            .resize(self.counts.len().max(other.counts.len()), 0);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// Returns the lengths that were recorded after `earlier`, an earlier state of this histogram.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().copied().chain(std::iter::repeat(0));
        let left = self.counts.iter().zip(before);
        let mut since = Self {
            counts: left.map(|(now, was)| now.saturating_sub(was)).collect(),
            sum: self.sum.saturating_sub(earlier.sum),
        };
        since.trim();
        since
    }

    /// Removes the empty buckets at the end, so that equal histograms are equal values.
    fn trim(&mut self) {
        let used = self.counts.iter().rposition(|count| *count > 0);
        self.counts.truncate(used.map_or(0, |last| last + 1));
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("sum", &self.sum)
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .finish_non_exhaustive()
    }
}

/// Serialized as `count`, `sum`, `p50`, `p90` and `p99` in seconds, and `buckets`: the bound in
/// seconds and the number of lengths of each bucket that is not empty. A length of the last bucket
/// has the bound `null`.
#[cfg(feature = "serde")]
impl serde::Serialize for Histogram {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("count", &self.count())?;
        map.serialize_entry("sum", &self.sum.as_secs_f64())?;
        for (name, p) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
            map.serialize_entry(name, &self.quantile(p).map(|it| it.as_secs_f64()))?;
        }
        let used = self.buckets().filter(|(_, count)| *count > 0);
        let seconds = |bound: Duration| (bound != Duration::MAX).then_some(bound.as_secs_f64());
        let buckets: Vec<_> = used.map(|(bound, count)| (seconds(bound), count)).collect();
        map.serialize_entry("buckets", &buckets)?;
        map.end()
    }
}

/// Deserialized from `sum` and `buckets`. All buckets must have bounds of this version.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Histogram {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;

        #[derive(serde::Deserialize)]
        struct Form {
            sum: f64,
            buckets: Vec<(Option<f64>, u64)>,
        }

        let form = Form::deserialize(deserializer)?;
        let mut counts = vec![0; BUCKETS];
        for (bound, count) in form.buckets {
            let bound = bound.map_or(Ok(Duration::MAX), Duration::try_from_secs_f64);
            let bound = bound.map_err(D::Error::custom)?;
            let index = (0..BUCKETS).find(|index| upper_bound(*index) == bound);
            let index = index.ok_or_else(|| D::Error::custom("a bucket with an unknown bound"))?;
            counts[index] = count;
        }
        let sum = Duration::try_from_secs_f64(form.sum).map_err(D::Error::custom)?;
        let mut histogram = Self { counts, sum };
        histogram.trim();
        Ok(histogram)
    }
}

/// Returns the upper bound of the bucket `index`.
fn upper_bound(index: usize) -> Duration {
    if index + 1 == BUCKETS {
        Duration::MAX
    } else {
        Duration::from_micros(1 << index)
    }
}

/// A histogram that threads record lengths of time in.
///
/// Recording a length costs two atomic additions, which only misses and samples pay.
pub(crate) struct HistogramRecorder {
    counts: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Default for HistogramRecorder {
    fn default() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; BUCKETS],
            sum: AtomicU64::new(0),
        }
    }
}

impl HistogramRecorder {
    /// Records `length` once.
    pub(crate) fn record(&self, length: Duration) {
        self.record_many(length, 1);
    }

    /// Records `length` for `times` events, because a sample stands for that many events.
    pub(crate) fn record_many(&self, length: Duration, times: u32) {
        let nanos = length
            .as_secs()
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(length.subsec_nanos()));
        let bits = (u64::BITS - (nanos / 1_000).leading_zeros()) as usize;
        let times = u64::from(times);
        self.counts[bits.min(BUCKETS - 1)].fetch_add(times, Ordering::Relaxed);
        self.sum
            .fetch_add(nanos.saturating_mul(times), Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Histogram {
        let counts = self.counts.iter();
        let mut histogram = Histogram {
            counts: counts.map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: Duration::from_nanos(self.sum.load(Ordering::Relaxed)),
        };
        histogram.trim();
        histogram
    }
}

impl fmt::Debug for HistogramRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(lengths: &[Duration]) -> Histogram {
        let recorder = HistogramRecorder::default();
        for length in lengths {
            recorder.record(*length);
        }
        recorder.read()
    }

    #[test]
    fn a_length_is_in_the_first_bucket_with_a_greater_bound() {
        let micros = Duration::from_micros;
        for (length, bound) in [
            (Duration::ZERO, micros(1)),
            (Duration::from_nanos(999), micros(1)),
            (micros(1), micros(2)),
            (micros(1_000), micros(1_024)),
            (micros(1_024), micros(2_048)),
            (Duration::from_secs(86_400 * 25), micros(1 << 41)),
            (Duration::from_secs(86_400 * 26), Duration::MAX),
            (Duration::MAX, Duration::MAX),
        ] {
            let histogram = recorded(&[length]);
            let used: Vec<_> = histogram
                .buckets()
                .filter(|(_, count)| *count > 0)
                .collect();
            assert_eq!(used, [(bound, 1)], "{length:?}");
        }
    }

    #[test]
    fn quantiles_lie_in_the_bucket_of_their_rank() {
        let millis = Duration::from_millis;
        let mut lengths = vec![millis(1); 90];
        lengths.extend([millis(100); 10]);
        let histogram = recorded(&lengths);
        assert_eq!((histogram.count(), histogram.sum()), (100, millis(1_090)));
        assert_eq!(histogram.mean(), Some(Duration::from_micros(10_900)));
        let between = |p, low, high| {
            let found = histogram.quantile(p).expect("not empty");
            assert!(
                (Duration::from_micros(low)..=Duration::from_micros(high)).contains(&found),
                "{p}: {found:?}"
            );
        };
        between(0.5, 512, 1_024);
        between(0.9, 512, 1_024);
        between(0.91, 65_536, 131_072);
        between(1.0, 131_072, 131_072);
        between(7.0, 131_072, 131_072);
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert_eq!(Histogram::default().mean(), None);
    }

    #[test]
    fn histograms_are_added_and_subtracted_bucket_by_bucket() {
        let (one, two) = (Duration::from_micros(10), Duration::from_secs(1));
        let earlier = recorded(&[one]);
        let later = recorded(&[one, two, two]);
        assert_eq!(later.since(&earlier), recorded(&[two, two]));
        assert_eq!(later.since(&later), Histogram::default());
        let mut sum = earlier;
        sum.add(&recorded(&[two, two]));
        assert_eq!(sum, later);
    }

    #[test]
    fn a_sample_stands_for_many() {
        let recorder = HistogramRecorder::default();
        recorder.record_many(Duration::from_secs(2), 256);
        let histogram = recorder.read();
        assert_eq!(histogram.count(), 256);
        assert_eq!(histogram.sum(), Duration::from_secs(512));
    }
}
