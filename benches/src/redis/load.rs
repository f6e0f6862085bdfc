//! Operations take turns under a load: so many tasks, each of which waits for its answers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::Fail;
use crate::report::{Kind, Row, Table};
use crate::rounds::{Rounds, Speeds};

/// The numbers of tasks that are compared: one task waits for round trips, many share them.
const TASKS: [u32; 2] = [1, 64];
/// Between two turns: what one left behind is not the next one's.
const PAUSE: Duration = Duration::from_millis(20);

type Done = Pin<Box<dyn Future<Output = Result<(), Fail>> + Send>>;

/// A call, with a number that selects its key.
#[derive(Clone)]
pub struct Operation {
    name: String,
    kind: Kind,
    call: Arc<dyn Fn(u64) -> Done + Send + Sync>,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Operation").field(&self.name).finish()
    }
}

impl Operation {
    /// An operation of that name.
    pub fn new<F, Fut>(name: &str, call: F) -> Self
    where
        F: Fn(u64) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Fail>> + Send + 'static,
    {
        Self {
            name: name.to_owned(),
            kind: Kind::Rival,
            call: Arc::new(move |number| Box::pin(call(number))),
        }
    }

    /// Another kind than a rival.
    pub fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Does it once.
    ///
    /// # Errors
    ///
    /// If the call fails.
    pub async fn once(&self, number: u64) -> Result<(), Fail> {
        (self.call)(number).await
    }
}

/// Measurements of an operation with one number of tasks.
struct Seen {
    speeds: Speeds,
    /// Of one call, in nanoseconds.
    latencies: Histogram<u64>,
}

/// The figures of all operations, the first of which is cachekit.
pub(super) async fn table(
    title: &str,
    operations: &[Operation],
    rounds: Rounds,
) -> Result<Table, Fail> {
    let mut seen = Vec::new();
    for _ in operations {
        let none = || -> Result<_, Fail> {
            Ok(Seen {
                speeds: Speeds::default(),
                latencies: Histogram::new(3)?,
            })
        };
        seen.push([none()?, none()?]);
    }
    for _ in 0..rounds.count {
        for (operation, seen) in operations.iter().zip(&mut seen) {
            for (tasks, seen) in TASKS.into_iter().zip(seen) {
                let (speed, latencies) = turn(operation, tasks, rounds.length).await?;
                seen.speeds.push(speed);
                seen.latencies.add(latencies)?;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(Table {
        title: title.to_owned(),
        notes: Vec::new(),
        columns: [
            "1 task: thousand/s",
            "p50 µs",
            "p99 µs",
            "cachekit does × as many",
            "64 tasks: thousand/s",
            "p50 µs",
            "p99 µs",
            "cachekit does × as many",
        ]
        .map(Into::into)
        .to_vec(),
        rows: rows(operations, &seen),
    })
}

fn rows(operations: &[Operation], seen: &[[Seen; 2]]) -> Vec<Row> {
    let Some(ours) = seen.first() else {
        return Vec::new();
    };
    let figures = |(seen, ours): (&Seen, &Seen)| {
        [
            seen.speeds.median() / 1e3,
            micros(&seen.latencies, 0.5),
            micros(&seen.latencies, 0.99),
            ours.speeds.times(&seen.speeds),
        ]
    };
    let row = |(operation, seen): (&Operation, &[Seen; 2])| Row {
        name: operation.name.clone(),
        kind: operation.kind,
        // Of the many tasks: with one, most of the time both wait.
        times: seen[1].speeds.times(&ours[1].speeds),
        figures: seen.iter().zip(ours).flat_map(figures).map(Some).collect(),
    };
    operations.iter().zip(seen).map(row).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time of a call, far below 2^52 nanoseconds"
)]
fn micros(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1e3
}

/// Calls a second, and how long each took.
async fn turn(
    operation: &Operation,
    tasks: u32,
    length: Duration,
) -> Result<(f64, Histogram<u64>), Fail> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let operation = operation.clone();
        running.spawn(async move {
            let mut latencies = Histogram::<u64>::new(3)?;
            let mut calls = 0.0;
            // Tasks ask for different keys at the same moment.
            let mut number = u64::from(task) * 1_009;
            while start.elapsed() < length {
                let before = Instant::now();
                operation.once(number).await?;
                let took = before.elapsed().as_nanos();
                latencies.record(u64::try_from(took).unwrap_or(u64::MAX))?;
                number += 1;
                calls += 1.0;
            }
            Ok::<_, Fail>((calls, latencies))
        });
    }
    let (mut calls, mut latencies) = (0.0, Histogram::new(3)?);
    while let Some(done) = running.join_next().await {
        let (more, theirs) = done??;
        calls += more;
        latencies.add(theirs)?;
    }
    Ok((calls / start.elapsed().as_secs_f64(), latencies))
}
