//! Candidates take turns: what slows the machine down for a while slows them all.

use std::fs;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::Fail;
use crate::candidate::Candidate;
use crate::keys::{Batch, DISTINCT, Keys, Spread};
use crate::report::Kind;
use crate::user;

/// Number of calls between two looks at the clock.
const BATCH: u16 = 2_048;
/// Threads do not ask for the same keys at the same moment.
const APART: usize = 20_011;

/// Number and length of the rounds.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// Number of rounds of each candidate.
    pub count: usize,
    /// Length of a round.
    pub length: Duration,
}

/// Calls a second, round by round.
#[derive(Debug, Clone, Default)]
pub struct Speeds(Vec<f64>);

impl Speeds {
    /// Records a further round.
    pub fn push(&mut self, speed: f64) {
        self.0.push(speed);
    }

    /// The fastest round.
    pub fn best(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// The median round.
    pub fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// Returns the ratio of this speed to that of `other`: the median of the rounds' ratios.
    pub fn times(&self, other: &Self) -> f64 {
        let pairs = self.0.iter().zip(&other.0);
        median(pairs.map(|(ours, theirs)| ours / theirs).collect())
    }
}

/// Measurements of a candidate.
#[derive(Debug, Clone)]
pub struct Scaling {
    /// Name of the candidate.
    pub name: String,
    /// Kind of the candidate.
    pub kind: Kind,
    /// On one thread.
    pub alone: Speeds,
    /// On two.
    pub together: Speeds,
    /// Number of calls that computed their value.
    pub missed: u64,
}

/// The middle one; of an even number the upper of the two. Zero of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Asks for every key once, and then for some again, so that all are hits.
pub fn warm(runtime: &Handle, candidates: &[Candidate]) {
    let every = Keys::new(Spread::Even);
    for candidate in candidates {
        for _ in 0..2 {
            runtime.block_on(candidate.run(every.batch(0, DISTINCT as usize)));
        }
    }
}

/// Measures the speeds of candidates, all of whose calls are hits.
///
/// # Errors
///
/// If something was not a hit.
pub fn hits(
    runtime: &Handle,
    candidates: &[Candidate],
    keys: &Arc<Keys>,
    rounds: Rounds,
) -> Result<Vec<Scaling>, Fail> {
    let all = take(runtime, candidates, keys, rounds);
    let missing = all.iter().filter(|it| it.missed > 0);
    let missing: Vec<_> = missing
        .map(|it| format!("{} calls were no hits, of {}", it.missed, it.name))
        .collect();
    if missing.is_empty() {
        Ok(all)
    } else {
        Err(missing.join("; ").into())
    }
}

/// Measures the speeds of candidates that choose their keys themselves.
pub fn misses(runtime: &Handle, candidates: &[Candidate], rounds: Rounds) -> Vec<Scaling> {
    take(runtime, candidates, &Keys::new(Spread::Even), rounds)
}

fn take(
    runtime: &Handle,
    candidates: &[Candidate],
    keys: &Arc<Keys>,
    rounds: Rounds,
) -> Vec<Scaling> {
    let none = |candidate: &Candidate| Scaling {
        name: candidate.name().to_owned(),
        kind: candidate.kind(),
        alone: Speeds::default(),
        together: Speeds::default(),
        missed: 0,
    };
    let mut all: Vec<_> = candidates.iter().map(none).collect();
    thread::scope(|scope| {
        let crew = |candidate| Crew::new(scope, runtime, candidate, keys);
        let crews: Vec<_> = candidates.iter().map(crew).collect();
        for _ in 0..rounds.count {
            for (scaling, crew) in all.iter_mut().zip(&crews) {
                let before = user::loads();
                scaling.alone.push(crew.run(rounds.length, 1));
                scaling.together.push(crew.run(rounds.length, 2));
                scaling.missed += user::loads() - before;
            }
        }
    });
    all
}

/// The speed of a candidate on a single thread, and its memory.
#[derive(Debug)]
pub struct Alone {
    /// Name of the candidate.
    pub name: String,
    /// Kind of the candidate.
    pub kind: Kind,
    /// Calls a second.
    pub speeds: Speeds,
    /// By how many bytes the process had grown when it had everything.
    pub bytes: f64,
}

/// Measures candidates that begin empty. Each asks for all of `every` on its thread, and then
/// `warm` times for one of `keys`, before the first round.
///
/// # Errors
///
/// If something was not a hit in a round.
pub fn filled(
    runtime: &Handle,
    candidates: &[Candidate],
    (every, keys): (&Batch, &Arc<Keys>),
    warm: usize,
    rounds: Rounds,
) -> Result<Vec<Alone>, Fail> {
    thread::scope(|scope| {
        let mut all = Vec::new();
        for candidate in candidates {
            let crew = Crew::with(scope, runtime, candidate, keys, &[0]);
            let before = resident();
            crew.make(every.clone());
            crew.make(keys.batch(0, warm));
            all.push((
                crew,
                Alone {
                    name: candidate.name().to_owned(),
                    kind: candidate.kind(),
                    speeds: Speeds::default(),
                    bytes: resident() - before,
                },
            ));
        }
        let before = user::loads();
        for _ in 0..rounds.count {
            for (crew, alone) in &mut all {
                alone.speeds.push(crew.run(rounds.length, 1));
            }
        }
        match user::loads() - before {
            0 => Ok(all.into_iter().map(|(_, alone)| alone).collect()),
            missed => Err(format!("{missed} calls were no hits").into()),
        }
    })
}

/// The bytes of this process that are in memory; not a number where the system does not say.
fn resident() -> f64 {
    const PAGE: f64 = 4096.0;
    let told = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told
        .split_whitespace()
        .nth(1)
        .and_then(|it| it.parse::<f64>().ok());
    pages.map_or(f64::NAN, |pages| pages * PAGE)
}

/// Two threads that call one candidate. They live through all rounds, as a service's do: what a
/// thread has at hand stays there.
struct Crew {
    threads: Vec<Thread>,
}

struct Thread {
    orders: Sender<Order>,
    speeds: Receiver<f64>,
}

enum Order {
    Measure(Turn),
    Make(Batch),
}

/// Work of a thread that begins when all threads are ready.
struct Turn {
    length: Duration,
    start: Arc<Barrier>,
}

impl Crew {
    fn new<'scope>(
        scope: &'scope Scope<'scope, '_>,
        runtime: &'scope Handle,
        candidate: &'scope Candidate,
        keys: &'scope Arc<Keys>,
    ) -> Self {
        Self::with(scope, runtime, candidate, keys, &[0, APART])
    }

    /// Starts a thread for each of `from`, the number of the first access that it makes.
    fn with<'scope>(
        scope: &'scope Scope<'scope, '_>,
        runtime: &'scope Handle,
        candidate: &'scope Candidate,
        keys: &'scope Arc<Keys>,
        from: &[usize],
    ) -> Self {
        let start = |from: &usize| {
            let from = *from;
            let (orders, received) = mpsc::channel::<Order>();
            let (told, speeds) = mpsc::channel();
            scope.spawn(move || {
                for order in received {
                    let speed = runtime.block_on(carry_out(order, candidate, keys, from));
                    told.send(speed).expect("it is waited for");
                }
            });
            Thread { orders, speeds }
        };
        Self {
            threads: from.iter().map(start).collect(),
        }
    }

    /// Makes these calls on the first thread.
    fn make(&self, batch: Batch) {
        let Thread { orders, speeds } = &self.threads[0];
        orders.send(Order::Make(batch)).expect("a call panicked");
        speeds.recv().expect("a call panicked");
    }

    /// Calls a second of one round, of so many threads together.
    fn run(&self, length: Duration, threads: usize) -> f64 {
        let threads = &self.threads[..threads];
        let start = Arc::new(Barrier::new(threads.len()));
        for thread in threads {
            let start = Arc::clone(&start);
            let told = thread.orders.send(Order::Measure(Turn { length, start }));
            told.expect("a call panicked");
        }
        let speeds = threads.iter().map(|it| it.speeds.recv());
        speeds.map(|speed| speed.expect("a call panicked")).sum()
    }
}

async fn carry_out(order: Order, candidate: &Candidate, keys: &Arc<Keys>, from: usize) -> f64 {
    match order {
        Order::Measure(Turn { length, start }) => {
            start.wait();
            turn(candidate, keys, length, from).await
        }
        Order::Make(batch) => {
            candidate.run(batch).await;
            0.0
        }
    }
}

async fn turn(candidate: &Candidate, keys: &Arc<Keys>, length: Duration, from: usize) -> f64 {
    // Data that another candidate displaced from the processor's caches is there again before the
    // clock runs.
    calls(candidate, keys, length / 2, from).await;
    calls(candidate, keys, length, from).await
}

/// Calls a second, of as many as take `length`.
async fn calls(candidate: &Candidate, keys: &Arc<Keys>, length: Duration, mut from: usize) -> f64 {
    let start = Instant::now();
    let mut calls = 0.0;
    loop {
        candidate.run(keys.batch(from, BATCH.into())).await;
        from += usize::from(BATCH);
        calls += f64::from(BATCH);
        let took = start.elapsed();
        if took >= length {
            return calls / took.as_secs_f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_one_of_rounds_that_were_side_by_side() {
        // The machine was three times as slow in the last rounds: the ratio does not see it.
        let ours = Speeds(vec![20.0, 22.0, 6.0]);
        let theirs = Speeds(vec![10.0, 11.0, 3.0]);
        assert!((ours.times(&theirs) - 2.0).abs() < 1e-9);
        assert!((ours.median() - 20.0).abs() < 1e-9);
        assert!((ours.best() - 22.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_hit_is_reported() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let empty = candidate!("empty", (), |(), key| user::User::load(key.id));
        let rounds = Rounds {
            count: 1,
            length: Duration::ZERO,
        };
        let keys = Keys::new(Spread::Zipf);
        let told = hits(runtime.handle(), &[empty], &keys, rounds).unwrap_err();
        assert!(told.to_string().contains("empty"), "{told}");
    }
}
