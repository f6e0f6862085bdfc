//! A recorder that keeps what was recorded, for tests to read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use cachekit::Cache;
use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};

type Labels = BTreeMap<String, String>;

/// Each time series: its name and labels, the kind of its metric, and its value.
type Series = BTreeMap<(String, Labels), (&'static str, Arc<AtomicU64>)>;

/// A function that is called with the name of a gauge.
pub(crate) type BeforeGauge = Box<dyn Fn(&str) + Send + Sync>;

/// The metrics that a cache has recorded.
#[derive(Default)]
pub(crate) struct Recorded {
    series: Mutex<Series>,
    described: Mutex<BTreeMap<String, (&'static str, Unit, String)>>,
    /// Called at each look for a gauge, with its name.
    pub(crate) before_gauge: Option<BeforeGauge>,
}

/// The kind of a metric, and the labels of its time series.
pub(crate) type Shape = (&'static str, BTreeSet<String>);

impl Recorded {
    /// The metrics of `cache`.
    pub(crate) fn of(cache: &Cache) -> Self {
        let recorded = Self::default();
        recorded.again(cache);
        recorded
    }

    /// Has `cache` record its metrics once more.
    pub(crate) fn again(&self, cache: &Cache) {
        with_local_recorder(self, || cache.record_metrics());
    }

    /// Every metric by name.
    pub(crate) fn shapes(&self) -> BTreeMap<String, Shape> {
        let mut shapes = BTreeMap::<String, Shape>::new();
        for ((name, labels), (kind, _)) in self.series.lock().expect("no panic").iter() {
            let shape = shapes.entry(name.clone()).or_default();
            assert!(shape.0.is_empty() || shape.0 == *kind, "{name}");
            shape.0 = kind;
            shape.1.extend(labels.keys().cloned());
        }
        shapes
    }

    /// Kind, unit and description of each described metric.
    pub(crate) fn described(&self) -> BTreeMap<String, (&'static str, Unit, String)> {
        self.described.lock().expect("no panic").clone()
    }

    /// The labels and values of all time series `name` that have `labels` among theirs.
    pub(crate) fn all(&self, name: &str, labels: &[(&str, &str)]) -> Vec<(Labels, f64)> {
        let series = self.series.lock().expect("no panic");
        let has = |of: &Labels| {
            labels
                .iter()
                .all(|(name, value)| of.get(*name).is_some_and(|it| it == value))
        };
        let found = series
            .iter()
            .filter(|((known, of), _)| known == name && has(of));
        found
            .map(|((_, labels), (kind, value))| (labels.clone(), read(kind, value)))
            .collect()
    }

    /// The value of the one time series `name` that has `labels` among its own.
    pub(crate) fn one(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let found = self.all(name, labels);
        assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
        found[0].1
    }

    fn register(&self, kind: &'static str, key: &Key) -> Arc<AtomicU64> {
        let labels = key.labels();
        let labels = labels.map(|it| (it.key().to_owned(), it.value().to_owned()));
        let id = (key.name().to_owned(), labels.collect());
        let mut series = self.series.lock().expect("no panic");
        let (known, value) = series.entry(id).or_insert_with(|| (kind, Arc::default()));
        assert_eq!(*known, kind, "{key}");
        Arc::clone(value)
    }

    fn describe(&self, kind: &'static str, name: &KeyName, unit: Option<Unit>, help: &str) {
        let unit = unit.expect("a unit");
        let mut described = self.described.lock().expect("no panic");
        described.insert(name.as_str().to_owned(), (kind, unit, help.to_owned()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn read(kind: &str, value: &AtomicU64) -> f64 {
    let bits = value.load(Ordering::Relaxed);
    if kind == "gauge" {
        f64::from_bits(bits)
    } else {
        bits as f64
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe("counter", &name, unit, &help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe("gauge", &name, unit, &help);
    }

    fn describe_histogram(&self, name: KeyName, _unit: Option<Unit>, _help: SharedString) {
        panic!("{name:?}: the buckets of exporters differ");
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.register("counter", key))
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        if let Some(before) = &self.before_gauge {
            before(key.name());
        }
        Gauge::from_arc(self.register("gauge", key))
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        panic!("{key}: the buckets of exporters differ");
    }
}
