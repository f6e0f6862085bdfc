//! The effect of the eviction policy: hit rates on access traces, and what an
//! access costs then.

mod engine;
mod source;

use std::collections::HashSet;
use std::time::Duration;

use tokio::runtime::Handle;

use self::engine::Engine;
pub use self::source::Trace;
use crate::Fail;
use crate::report::{Row, Table};
use crate::rounds::median;

/// The share of a trace's different keys that there is room for, in per cent, if none is asked for.
pub const PERCENT: usize = 10;
/// Assumed costs of a miss: a short computation, a read of Redis in the same room, or of a database.
const NEAR: Duration = Duration::from_micros(5);
const REDIS: Duration = Duration::from_micros(40);
const DATABASE: Duration = Duration::from_micros(500);

/// Measurements of an engine with a trace.
#[derive(Debug, Clone, Copy)]
struct Replayed {
    /// Of all accesses, from 0 to 1.
    hit_rate: f64,
    /// In the cache itself: of hits, and of misses with what they store and what leaves.
    an_access: Duration,
}

impl Replayed {
    /// The mean cost of an access in nanoseconds, if a miss costs `miss` besides.
    fn mean(&self, miss: Duration) -> f64 {
        (self.an_access.as_secs_f64() + (1.0 - self.hit_rate) * miss.as_secs_f64()) * 1e9
    }
}

/// The traces in the folder that `CACHEKIT_TRACES` names, else generated ones: one table each, and for
/// each share of their keys that there is to be room for.
///
/// # Errors
///
/// If a trace cannot be read, or a cache not be built.
pub fn tables(
    runtime: &Handle,
    accesses: usize,
    rounds: usize,
    percents: &[usize],
) -> Result<Vec<Table>, Fail> {
    let traces = source::all(accesses)?;
    let pairs = traces
        .iter()
        .flat_map(|trace| percents.iter().map(move |percent| (trace, *percent)));
    pairs
        .map(|(trace, percent)| table(runtime, trace, rounds, percent))
        .collect()
}

fn table(runtime: &Handle, trace: &Trace, rounds: usize, percent: usize) -> Result<Table, Fail> {
    let distinct = trace.keys.iter().collect::<HashSet<_>>().len();
    let room = (distinct * percent / 100).max(1);
    let engines = engine::all();
    let mut replayed: Vec<Vec<Replayed>> = vec![Vec::new(); engines.len()];
    for _ in 0..rounds {
        for (engine, replayed) in engines.iter().zip(&mut replayed) {
            replayed.push(engine.replay(runtime, &trace.keys, room)?);
        }
    }
    Ok(Table {
        title: format!(
            "Trace {}: {} accesses, {distinct} keys, room for {percent} %",
            trace.name,
            trace.keys.len()
        ),
        notes: vec![format!(
            "A miss costs {NEAR:?} besides what was measured (a short computation), {REDIS:?} (Redis), \
             or {DATABASE:?} (a database): a model."
        )],
        columns: [
            "hit rate, %",
            "ns an access, cache alone",
            "µs, miss of 5 µs",
            "cachekit takes × of it",
            "µs, miss of 40 µs",
            "cachekit takes × of it",
            "µs, miss of 500 µs",
            "cachekit takes × of it",
        ]
        .map(Into::into)
        .to_vec(),
        rows: rows(&engines, &replayed),
    })
}

/// The first engine is cachekit as it is by default.
fn rows(engines: &[Engine], replayed: &[Vec<Replayed>]) -> Vec<Row> {
    let middle =
        |of: &[Replayed], figure: fn(&Replayed) -> f64| median(of.iter().map(figure).collect());
    let figures = |of: &[Replayed]| {
        [
            middle(of, |it| it.hit_rate * 100.0),
            middle(of, |it| it.mean(Duration::ZERO)),
            middle(of, |it| it.mean(NEAR)) / 1e3,
            middle(of, |it| it.mean(REDIS)) / 1e3,
            middle(of, |it| it.mean(DATABASE)) / 1e3,
        ]
    };
    let ours = replayed.first().map_or([f64::NAN; 5], |ours| figures(ours));
    let row = |(engine, of): (&Engine, &Vec<Replayed>)| {
        let [rate, alone, near, redis, database] = figures(of);
        let all = [
            rate,
            alone,
            near,
            ours[2] / near,
            redis,
            ours[3] / redis,
            database,
            ours[4] / database,
        ];
        Row {
            name: engine.name.to_owned(),
            kind: engine.is(),
            times: ours[3] / redis,
            figures: all.map(Some).to_vec(),
        }
    };
    engines.iter().zip(replayed).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_hit_rate_costs_a_hundredth_of_a_miss() {
        let at = |hit_rate| Replayed {
            hit_rate,
            an_access: Duration::from_nanos(100),
        };
        let dearer = at(0.80).mean(REDIS) - at(0.81).mean(REDIS);
        assert!((dearer - 400.0).abs() < 1e-6, "{dearer}");
        assert!((at(1.0).mean(REDIS) - 100.0).abs() < 1e-6);
    }
}
