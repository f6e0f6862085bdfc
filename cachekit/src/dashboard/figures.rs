//! The figures of the charts and of the table of functions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde::Serialize;

use crate::core::state::Cache;
use crate::dashboard::answer::Json;
use crate::dashboard::processes::Asked;
use crate::dashboard::state::Dashboard;
use crate::model::answers::Answers;
use crate::model::call_stats::CallStats;
use crate::model::histogram::Histogram;
use crate::model::miss_cause::MissStats;
use crate::model::stats::{FunctionStats, Stats};
use crate::ops::names::shown_node;

/// Largest number of rows: the functions and regions with the most calls. A program may have any
/// number of regions.
const MOST_ROWS: usize = 500;

/// Figures of all processes that answered, since each was started. Lengths of time are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    namespace: String,
    /// `None` if the cache has no Redis, else `true` if Redis answers this process.
    redis_is_up: Option<bool>,
    processes: Vec<Process>,
    /// Number of processes that did not answer in time.
    silent: usize,
    /// Reason why the other processes could not be asked.
    problem: Option<String>,
    totals: Totals,
    functions: Vec<Row>,
    /// Number of functions and regions that are not among `functions`.
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct Process {
    node: String,
    is_this: bool,
    elapsed: f64,
    calls: u64,
    hit_rate: f64,
    computations: u64,
    entries: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Totals {
    calls: u64,
    /// Calls that were answered with a value from memory or Redis, or with a stale value.
    hits: u64,
    computations: u64,
    errors: u64,
    evictions: u64,
    invalidations: u64,
    entries: u64,
    bytes: u64,
    /// Sum of the run times, and the number of runs below each bound in seconds.
    run_time: f64,
    runs: Vec<(Option<f64>, u64)>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    calls: u64,
    hits: u64,
    hit_rate: f64,
    misses: u64,
    /// Misses that are due to an invalidation of any kind.
    invalidated: u64,
    /// Misses by cause, the most frequent first. The name of a family of tags begins with `tag `.
    causes: Vec<(String, u64)>,
    computations: u64,
    errors: u64,
    /// Calls that were answered without a run of the function.
    saved: u64,
    mean_run: Option<f64>,
    p99_run: Option<f64>,
    entries: u64,
    evictions: u64,
}

pub(crate) async fn stats(State(dashboard): State<Arc<Dashboard>>) -> Json<Figures> {
    let cache = &dashboard.cache;
    let others = dashboard.others.stats(cache).await;
    let own = cache.stats();
    Json(figures(cache, &own, others))
}

fn figures(cache: &Cache, own: &Stats, others: Asked) -> Figures {
    let core = cache.core();
    let node = core.l2.as_ref().map(|l2| shown_node(l2.bus.node));
    let (answers, problem) = match others {
        Ok(answers) => (answers, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let read = answers.iter().flat_map(Answers::read);
    let all: Vec<(&str, &Stats)> = std::iter::once((node.as_deref().unwrap_or_default(), own))
        .chain(read)
        .collect();
    let stats = || all.iter().map(|(_, stats)| *stats);
    let mut functions = rows(stats());
    let left_out = functions.len().saturating_sub(MOST_ROWS);
    functions.truncate(MOST_ROWS);
    let unreadable = answers.as_ref().map_or(0, |answers| {
        let nodes = answers.nodes.iter();
        nodes.filter(|node| node.content.is_err()).count()
    });
    Figures {
        namespace: core.config.namespace.clone(),
        redis_is_up: core.l2.is_some().then_some(own.redis.is_up),
        totals: totals(stats()),
        functions,
        left_out,
        silent: answers.as_ref().map_or(0, |it| it.silent) + unreadable,
        problem,
        processes: all
            .iter()
            .enumerate()
            .map(|(index, (node, stats))| process(node, stats, index == 0))
            .collect(),
    }
}

fn process(node: &str, stats: &Stats, is_this: bool) -> Process {
    Process {
        node: node.to_owned(),
        is_this,
        elapsed: stats.elapsed.as_secs_f64(),
        calls: stats.calls(),
        hit_rate: stats.hit_rate(),
        computations: stats.computations,
        entries: stats.entries,
        bytes: stats.bytes,
    }
}

fn totals<'a>(all: impl Iterator<Item = &'a Stats>) -> Totals {
    let mut calls = CallStats::default();
    let (mut invalidations, mut entries, mut bytes) = (0, 0, 0);
    for stats in all {
        calls += &stats.calls;
        invalidations = stats.invalidations.saturating_add(invalidations);
        entries = stats.entries.saturating_add(entries);
        bytes = stats.bytes.saturating_add(bytes);
    }
    Totals {
        calls: calls.calls(),
        hits: hits(&calls),
        computations: calls.computations,
        errors: calls.errors,
        evictions: calls.evictions,
        invalidations,
        entries,
        bytes,
        run_time: calls.compute_time.sum().as_secs_f64(),
        runs: buckets(&calls.compute_time),
    }
}

/// Returns a row for each function and region, the one with the most calls first.
fn rows<'a>(all: impl Iterator<Item = &'a Stats>) -> Vec<Row> {
    let mut sums = BTreeMap::<&str, FunctionStats>::new();
    for function in all.flat_map(|stats| &stats.functions) {
        let sum = sums.entry(&function.name).or_default();
        sum.calls += &function.calls;
        sum.entries = sum.entries.saturating_add(function.entries);
    }
    let mut rows: Vec<Row> = sums.iter().map(|(name, sum)| row(name, sum)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.calls));
    rows
}

fn row(name: &str, sum: &FunctionStats) -> Row {
    let (calls, causes) = (&sum.calls, &sum.calls.by_cause);
    let seconds = |length: Option<Duration>| length.map(|it| it.as_secs_f64());
    let of_names = [causes.key, causes.event, causes.function];
    let of_others = [causes.cleared, causes.source, causes.tag()];
    let of_names = of_names.into_iter().chain(of_others);
    Row {
        name: name.to_owned(),
        calls: calls.calls(),
        hits: hits(calls),
        hit_rate: calls.hit_rate(),
        misses: calls.misses,
        invalidated: of_names.fold(0, u64::saturating_add),
        causes: most_frequent(causes),
        computations: calls.computations,
        errors: calls.errors,
        saved: hits(calls).saturating_add(calls.coalesced),
        mean_run: seconds(calls.compute_time.mean()),
        p99_run: seconds(calls.compute_time.quantile(0.99)),
        entries: sum.entries,
        evictions: calls.evictions,
    }
}

fn hits(calls: &CallStats) -> u64 {
    let from_redis = calls.redis_hits.saturating_add(calls.stale_hits);
    calls.memory_hits.saturating_add(from_redis)
}

fn most_frequent(causes: &MissStats) -> Vec<(String, u64)> {
    let fixed = MissStats::NAMES.into_iter().zip(causes.fixed());
    let fixed = fixed.map(|(name, count)| (name.to_owned(), count));
    let tags = causes.tags.iter();
    let tags = tags.map(|(family, count)| (format!("tag {family}"), *count));
    let mut all: Vec<_> = fixed.chain(tags).filter(|(_, count)| *count > 0).collect();
    all.sort_by(|(a_name, a), (b_name, b)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    all
}

fn buckets(histogram: &Histogram) -> Vec<(Option<f64>, u64)> {
    let used = histogram.buckets().filter(|(_, count)| *count > 0);
    let bound = |bound: Duration| (bound != Duration::MAX).then_some(bound.as_secs_f64());
    used.map(|(upper, count)| (bound(upper), count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::counter::Counter;
    use crate::model::call_stats::Counts;

    fn stats(name: &str, memory_hits: u64, misses: u64) -> Stats {
        let counts = Counts::default();
        let add = |counter: &Counter, count| (0..count).for_each(|_| counter.bump());
        add(&counts.memory_hits, memory_hits);
        add(&counts.misses, misses);
        add(&counts.computations, misses);
        counts.causes.count(counts.causes.of_family("org:"));
        counts.compute_time.record(Duration::from_millis(2));
        Stats::sum(vec![FunctionStats {
            name: name.to_owned(),
            calls: counts.read(),
            entries: 1,
            ..FunctionStats::default()
        }])
    }

    #[test]
    fn functions_of_several_processes_are_added_up() {
        let all = [stats("f", 6, 2), stats("f", 1, 1), stats("g", 1, 0)];
        let rows = rows(all.iter());
        let shown: Vec<_> = rows.iter().map(|row| (&*row.name, row.calls)).collect();
        assert_eq!(shown, [("f", 10), ("g", 1)]);
        let f = &rows[0];
        assert_eq!((f.hits, f.misses, f.computations), (7, 3, 3));
        assert_eq!((f.saved, f.entries, f.invalidated), (7, 2, 2));
        assert_eq!(f.causes, [("tag org:".to_owned(), 2)]);
        let totals = totals(all.iter());
        assert_eq!((totals.calls, totals.hits), (11, 8));
        assert_eq!(totals.runs.iter().map(|(_, count)| count).sum::<u64>(), 3);
    }

    /// The answers of other processes may be anything.
    #[test]
    fn the_greatest_counters_are_added_without_a_panic() {
        let text = r#"{"memory_hits":M,"misses":M,"invalidations":M,"entries":M,"bytes":M,
            "functions":[{"name":"f","redis_hits":M,"coalesced":M,"entries":M,
                "by_cause":{"key":M,"event":M,"tags":{"a:":M}}}]}"#;
        let text = text.replace('M', &u64::MAX.to_string());
        let stats: Stats = serde_json::from_str(&text).expect("statistics");
        let all = [stats.clone(), stats];
        let row = &rows(all.iter())[0];
        assert_eq!(
            (row.invalidated, row.saved, row.entries),
            (u64::MAX, u64::MAX, u64::MAX)
        );
        let totals = totals(all.iter());
        assert_eq!((totals.invalidations, totals.bytes), (u64::MAX, u64::MAX));
    }
}
