//! The table of all metrics.

use metrics::Unit;

use crate::model::call_stats::CallStats;
use crate::model::queue_stats::QueueStats;
use crate::model::redis_stats::RedisStats;
use crate::model::stats::{FunctionStats, Stats};

/// One metric, whose time series differ in their labels.
#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    unit: Unit,
    help: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Counter,
    Gauge,
}

/// A metric, and the function that reads its value from the statistics `T`.
#[derive(Debug)]
pub(crate) struct Reading<T: 'static> {
    pub(crate) metric: Metric,
    pub(crate) read: fn(&T) -> u64,
}

/// The three metrics of a histogram of lengths of time, and the bounds of its buckets.
#[derive(Debug)]
pub(crate) struct HistogramMetric {
    pub(crate) bucket: Metric,
    pub(crate) sum: Metric,
    pub(crate) count: Metric,
    /// Smallest bound, greatest bound, and the factor between neighbours, as powers of two. The
    /// bounds are in microseconds.
    bounds: (usize, usize, usize),
}

impl Metric {
    const fn new(kind: Kind, unit: Unit, name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            kind,
            unit,
            help,
        }
    }

    /// Tells the recorder the metric's unit and description.
    pub(crate) fn describe(self) {
        match self.kind {
            Kind::Counter => metrics::describe_counter!(self.name, self.unit, self.help),
            Kind::Gauge => metrics::describe_gauge!(self.name, self.unit, self.help),
        }
    }
}

impl HistogramMetric {
    /// Returns `true` if the upper bound of the bucket `index` is a bound of this metric. The other
    /// buckets are added to the next bound, because each bound is a time series of its own.
    pub(crate) fn has_bound(&self, index: usize) -> bool {
        let (first, last, step) = self.bounds;
        (first..=last).contains(&index) && (index - first).is_multiple_of(step)
    }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric::new(Kind::Counter, Unit::Count, name, help)
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric::new(Kind::Gauge, Unit::Count, name, help)
}

/// Defines a table of [`Reading`]s.
macro_rules! readings {
    ($($kind:ident($unit:ident) $name:literal, $help:literal, $read:expr;)*) => {
        &[$(Reading {
            metric: Metric::new(Kind::$kind, Unit::$unit, $name, $help),
            read: $read,
        }),*]
    };
}

/// Makes a [`HistogramMetric`] whose names begin with `$name`.
macro_rules! histogram {
    ($name:literal, $help:literal, $bounds:expr) => {
        HistogramMetric {
            bucket: counter(
                concat!($name, "_bucket"),
                concat!($help, ": those up to the bound `le`, in seconds."),
            ),
            sum: Metric::new(
                Kind::Gauge,
                Unit::Seconds,
                concat!($name, "_sum"),
                concat!($help, ": their sum."),
            ),
            count: counter(concat!($name, "_count"), concat!($help, ": their number.")),
            bounds: $bounds,
        }
    };
}

pub(crate) const CACHE: &[Reading<Stats>] = readings! {
    Counter(Count) "cachekit_invalidations_total",
        "Keys, tags, events and functions that this process invalidated.", |it| it.invalidations;
    Gauge(Count) "cachekit_flights", "Keys that are being computed now.", |it| it.flights as u64;
    Gauge(Count) "cachekit_writes", "Keys that are being written now.", |it| it.writes as u64;
    Gauge(Count) "cachekit_tags",
        "Tags and events whose last invalidation is remembered.", |it| it.tags as u64;
    Gauge(Count) "cachekit_dependencies",
        "Keys and functions whose last invalidation is remembered.", |it| it.dependencies as u64;
    Gauge(Count) "cachekit_background_running",
        "Background tasks that run now.", |it| it.background.running as u64;
    Counter(Count) "cachekit_background_refused_total",
        "Background tasks that were not started.", |it| it.background.refused;
    Counter(Count) "cachekit_background_panicked_total",
        "Background tasks that ended by a panic.", |it| it.background.panicked;
};

pub(crate) const FUNCTION: &[Reading<FunctionStats>] = readings! {
    Gauge(Count) "cachekit_entries", "Entries in memory now.", |it| it.entries;
    Gauge(Bytes) "cachekit_bytes",
        "Bytes of the entries in memory now; zero if the capacity is in entries.", |it| it.bytes;
};

pub(crate) const REDIS: &[Reading<RedisStats>] = readings! {
    Gauge(Count) "cachekit_redis_up",
        "1 if calls can use Redis now, else 0.", |it| u64::from(it.is_up);
    Gauge(Count) "cachekit_redis_bus_live",
        "1 if invalidations of other processes arrive now, else 0.", |it| u64::from(it.is_bus_live);
    Counter(Count) "cachekit_redis_breaker_openings_total",
        "Times that the circuit breaker opened.", |it| it.breaker_openings;
    Counter(Count) "cachekit_redis_connections_total",
        "Connections opened for commands.", |it| it.connections;
    Counter(Count) "cachekit_redis_stores_total", "Values stored in Redis.", |it| it.stores;
    Counter(Count) "cachekit_redis_compressed_total",
        "Values stored in Redis in compressed form.", |it| it.compressed;
    Counter(Bytes) "cachekit_redis_saved_bytes_total",
        "Bytes that compression saved.", |it| it.saved_bytes;
    Counter(Count) "cachekit_redis_refused_stores_total",
        "Values that Redis did not store, because of an invalidation or a write.",
        |it| it.refused_stores;
    Counter(Count) "cachekit_redis_unstorable_total",
        "Values too large for Redis, or that the codec cannot encode.", |it| it.unstorable;
    Counter(Count) "cachekit_redis_failures_total",
        "Calls whose command to Redis had an error, or no reply in time.", |it| it.failures;
    Counter(Count) "cachekit_redis_waits_total",
        "Calls that waited for the computation of another process.", |it| it.waits;
    Counter(Count) "cachekit_redis_acknowledged_total",
        "Acknowledged invalidations that every process confirmed.", |it| it.acknowledged;
    Counter(Count) "cachekit_redis_acknowledged_by_time_total",
        "Acknowledged invalidations that were waited for until no process served older values.",
        |it| it.acknowledged_by_time;
    Counter(Count) "cachekit_redis_unacknowledged_total",
        "Acknowledged invalidations after which another process may serve the old value.",
        |it| it.unacknowledged;
    Counter(Count) "cachekit_redis_unmarked_total",
        "Writes without a mark that would cover the death of the writer.", |it| it.unmarked;
    Counter(Count) "cachekit_redis_swept_total",
        "Writes of dead processes that this process completed.", |it| it.swept;
    Counter(Count) "cachekit_redis_sweep_rounds_total",
        "Invalidations that this process made for writes of dead processes.", |it| it.sweep_rounds;
    Counter(Count) "cachekit_redis_messages_total",
        "Messages with invalidations received from other processes; one may hold several.",
        |it| it.messages;
    Counter(Count) "cachekit_redis_heartbeats_total",
        "Heartbeats of this process that came back.", |it| it.heartbeats;
    Counter(Count) "cachekit_redis_bus_interruptions_total",
        "Times that messages may have been missed; the start is the first.",
        |it| it.bus_interruptions;
    Gauge(Count) "cachekit_redis_queued_invalidations",
        "Invalidations that Redis has not accepted yet.", |it| it.queued_invalidations as u64;
};

pub(crate) const QUEUE: &[Reading<QueueStats>] = readings! {
    Counter(Count) "cachekit_queue_accepted_total",
        "Writes that the queue accepted from this process.", |it| it.accepted;
    Counter(Count) "cachekit_queue_refused_total",
        "Writes that the queue did not accept from this process.", |it| it.refused;
    Counter(Count) "cachekit_queue_written_total",
        "Queued writes that this process carried out.", |it| it.written;
    Counter(Count) "cachekit_queue_runs_total",
        "Runs of the body of a write-behind function in this process.", |it| it.runs;
    Counter(Count) "cachekit_queue_failures_total",
        "Runs of the body of a write-behind function that failed.", |it| it.failures;
    Counter(Count) "cachekit_queue_put_aside_total",
        "Queued writes that this process put aside.", |it| it.put_aside;
    Gauge(Count) "cachekit_queue_queued",
        "Writes in the queue, as a worker of this process saw it last.", |it| it.queued;
    Gauge(Count) "cachekit_queue_dead",
        "Dead writes in the queue, as a worker of this process saw it last.", |it| it.dead;
};

pub(crate) const LAG: Metric = Metric::new(
    Kind::Gauge,
    Unit::Seconds,
    "cachekit_queue_lag_seconds",
    "Time for which the oldest queued write has waited, as a worker of this process saw it last.",
);

pub(crate) const HITS: Metric = counter(
    "cachekit_hits_total",
    "Calls answered with a value from memory, or, if memory could not answer, from Redis.",
);

pub(crate) const BY_CAUSE: Metric = counter(
    "cachekit_misses_by_cause_total",
    "Calls that had to compute, or found nothing, by the cause; those of tags by family.",
);

pub(crate) const REDIS_MISSES: Metric = counter(
    "cachekit_redis_misses_total",
    "Look-ups in Redis without a usable entry, by the reason.",
);

pub(crate) const BREAKER: Metric = gauge(
    "cachekit_redis_breaker_state",
    "1 for the state that the circuit breaker is in, else 0.",
);

/// Times of computations, with bounds from 64 microseconds to 67 seconds.
pub(crate) const COMPUTE_TIME: HistogramMetric = histogram!(
    "cachekit_compute_time_seconds",
    "Run times of the bodies of functions",
    (6, 26, 1)
);

/// Ages of served values, with bounds from a millisecond to 12 days.
pub(crate) const AGE: HistogramMetric =
    histogram!("cachekit_age_seconds", "Ages of served values", (10, 40, 2));

/// Round trips on the bus, with bounds from 64 microseconds to 16 seconds.
pub(crate) const BUS_ROUND_TRIP: HistogramMetric = histogram!(
    "cachekit_redis_bus_round_trip_seconds",
    "Times from the sending of a heartbeat to its return",
    (6, 24, 1)
);

/// Returns the tier whose hits the counter `name` of [`CallStats::METRICS`] counts. The counters
/// of hits are one metric, [`HITS`], with the tier as a label.
pub(crate) fn tier_of_hits(name: &str) -> Option<&'static str> {
    match name {
        "cachekit_memory_hits_total" => Some("memory"),
        "cachekit_redis_hits_total" => Some("redis"),
        _ => None,
    }
}

/// Returns an iterator over all metrics.
pub(crate) fn all() -> impl Iterator<Item = Metric> {
    fn metrics<T>(readings: &'static [Reading<T>]) -> impl Iterator<Item = Metric> {
        readings.iter().map(|reading| reading.metric.clone())
    }
    let of_calls = CallStats::METRICS
        .into_iter()
        .filter(|(name, _)| tier_of_hits(name).is_none())
        .map(|(name, help)| counter(name, help.trim_start()));
    let of_histograms = [COMPUTE_TIME, AGE, BUS_ROUND_TRIP]
        .into_iter()
        .flat_map(|it| [it.bucket, it.sum, it.count]);
    of_calls
        .chain(metrics(CACHE))
        .chain(metrics(FUNCTION))
        .chain(metrics(REDIS))
        .chain(metrics(QUEUE))
        .chain([HITS, BY_CAUSE, REDIS_MISSES, BREAKER, LAG])
        .chain(of_histograms)
}
