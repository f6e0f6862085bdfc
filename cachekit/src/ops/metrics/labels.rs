//! The labels of time series, and the recording of values under them.

use std::time::Duration;

use metrics::{Label, SharedString};

use crate::model::histogram::Histogram;
use crate::ops::metrics::table::{HistogramMetric, Kind, Reading};

/// Labels of the time series of a cache, or of one of its functions.
#[derive(Debug, Clone)]
pub(crate) struct Labels(Vec<Label>);

impl Labels {
    pub(crate) fn new(name: &'static str, value: impl Into<SharedString>) -> Self {
        Self(vec![Label::new(name, value)])
    }

    /// Returns these labels and one more.
    pub(crate) fn with(&self, name: &'static str, value: impl Into<SharedString>) -> Self {
        let mut labels = self.clone();
        labels.0.push(Label::new(name, value));
        labels
    }

    /// Raises the counter `name` to `count`. Does nothing if another thread has raised it further.
    pub(crate) fn count(&self, name: &'static str, count: u64) {
        metrics::counter!(name, self.0.iter()).absolute(count);
    }

    /// Sets the gauge `name` to `value`.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is an `f64`")]
    pub(crate) fn set(&self, name: &'static str, value: u64) {
        metrics::gauge!(name, self.0.iter()).set(value as f64);
    }

    /// Sets the gauge `name` to `length`, in seconds.
    pub(crate) fn set_seconds(&self, name: &'static str, length: Duration) {
        metrics::gauge!(name, self.0.iter()).set(length.as_secs_f64());
    }

    /// Records the value that each of `readings` reads from `stats`.
    pub(crate) fn record<T>(&self, readings: &[Reading<T>], stats: &T) {
        for reading in readings {
            let value = (reading.read)(stats);
            match reading.metric.kind {
                Kind::Counter => self.count(reading.metric.name, value),
                Kind::Gauge => self.set(reading.metric.name, value),
            }
        }
    }

    /// Records `lengths` as Prometheus shows a histogram: for each bound the number of all lengths
    /// below the bound, and the sum and the number of all lengths.
    pub(crate) fn record_histogram(&self, metric: &HistogramMetric, lengths: &Histogram) {
        let mut below = 0;
        for (index, (bound, count)) in lengths.buckets().enumerate() {
            below += count;
            if metric.has_bound(index) {
                let bound = bound.as_secs_f64().to_string();
                self.with("le", bound).count(metric.bucket.name, below);
            }
        }
        self.with("le", "+Inf").count(metric.bucket.name, below);
        self.count(metric.count.name, below);
        // A counter of the facade is a whole number, so the sum of seconds is a gauge.
        self.set_seconds(metric.sum.name, lengths.sum());
    }
}
