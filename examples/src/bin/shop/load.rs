//! A load: callers that send requests over connections that stay open, and what they measure.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cachekit_examples::client::Connection;
use cachekit_examples::program::Fail;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::live::Live;
use crate::requests::Request;
use crate::side::Side;

/// The longest time that is recorded: a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// The time between two looks at the progress.
const LOOK: Duration = Duration::from_millis(100);

/// The counts of some of the callers.
#[derive(Debug)]
pub(crate) struct Part {
    /// The times of requests, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// The times until a price was seen on all instances, in nanoseconds.
    pub(crate) seen: Histogram<u64>,
    /// The reads that were older than a write through another instance, within the time in which
    /// this is allowed.
    pub(crate) behind: u64,
    /// The stale reads, in words.
    pub(crate) stale: Vec<String>,
}

impl Part {
    pub(crate) fn new() -> Result<Self, Fail> {
        Ok(Self {
            latency: Histogram::new_with_max(LONGEST, 2)?,
            seen: Histogram::new_with_max(LONGEST, 2)?,
            behind: 0,
            stale: vec![],
        })
    }

    pub(crate) fn add(&mut self, other: Self) -> Result<(), Fail> {
        self.latency.add(other.latency)?;
        self.seen.add(other.seen)?;
        self.behind += other.behind;
        self.stale.extend(other.stale);
        Ok(())
    }
}

/// Records a length of time.
pub(crate) fn record(times: &mut Histogram<u64>, took: Duration) {
    times.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
}

/// The state of a load at a moment: the time since its beginning, its answers, and the queries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) answers: u64,
    pub(crate) queries: u64,
}

/// The measurements of an act.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) part: Part,
    pub(crate) queries: u64,
    /// The calls of cached functions and responses that memory or Redis answered, and all calls.
    pub(crate) hits: u64,
    pub(crate) calls: u64,
    pub(crate) wall: Duration,
    pub(crate) samples: Vec<Sample>,
}

impl Measured {
    pub(crate) fn requests(&self) -> u64 {
        self.part.latency.len()
    }
}

/// The requests of a load, handed out one by one to the callers.
#[derive(Debug)]
pub(crate) struct Load {
    requests: Vec<Request>,
    next: AtomicUsize,
    answers: AtomicUsize,
    side: Arc<Side>,
}

impl Load {
    pub(crate) fn new(side: &Arc<Side>, requests: Vec<Request>) -> Arc<Self> {
        Arc::new(Self {
            requests,
            next: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            side: Arc::clone(side),
        })
    }

    pub(crate) fn is_done(&self) -> bool {
        self.answers.load(Ordering::Relaxed) >= self.requests.len()
    }

    /// Returns `count` connections, spread over the instances.
    pub(crate) async fn connect(&self, count: usize) -> Result<Vec<(usize, Connection)>, Fail> {
        let addresses = self.side.nodes.addresses.iter().enumerate();
        let mut connections = Vec::with_capacity(count);
        for (node, address) in addresses.cycle().take(count) {
            connections.push((node, Connection::open(*address).await?));
        }
        Ok(connections)
    }

    /// Sends requests until none is left.
    async fn call(self: Arc<Self>, node: usize, mut to: Connection) -> Result<Part, Fail> {
        let mut part = Part::new()?;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = self.requests.get(number) else {
                return Ok(part);
            };
            let (method, path, body) = request.parts(number);
            let began = Instant::now();
            let answer = to.send(method, &path, &body).await?;
            record(&mut part.latency, began.elapsed());
            self.side.check(node, *request, &answer, began, &mut part)?;
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A measurement that has begun, with the counts at its beginning.
#[derive(Debug)]
pub(crate) struct Meter {
    side: Arc<Side>,
    began: Instant,
    queries: u64,
    hits: (u64, u64),
}

impl Meter {
    pub(crate) fn start(side: &Arc<Side>) -> Self {
        Self {
            side: Arc::clone(side),
            began: Instant::now(),
            queries: side.nodes.database.queries(),
            hits: side.nodes.hits(),
        }
    }

    fn sample(&self, load: &Load) -> Sample {
        Sample {
            at: self.began.elapsed(),
            answers: load.answers.load(Ordering::Relaxed) as u64,
            queries: self.side.nodes.database.queries() - self.queries,
        }
    }

    /// Sends all requests over `connections` while `beside` runs, shows the progress, and returns
    /// what was measured when the queued writes are written too.
    pub(crate) async fn run(
        self,
        load: &Arc<Load>,
        connections: Vec<(usize, Connection)>,
        beside: Option<JoinSet<Result<Part, Fail>>>,
        mut live: Live,
    ) -> Result<Measured, Fail> {
        let mut callers = beside.unwrap_or_default();
        for (node, to) in connections {
            callers.spawn(Arc::clone(load).call(node, to));
        }
        let (mut part, mut samples) = (Part::new()?, vec![self.sample(load)]);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = callers.join_next() => match ended {
                    Some(of_caller) => part.add(of_caller??)?,
                    None => break,
                },
                _ = looks.tick() => {
                    samples.push(self.sample(load));
                    live.show(&samples, load.requests.len());
                }
            }
        }
        samples.push(self.sample(load));
        let measured = self.end(part, samples).await?;
        live.end(&measured);
        Ok(measured)
    }

    async fn end(self, part: Part, samples: Vec<Sample>) -> Result<Measured, Fail> {
        let wall = self.began.elapsed();
        let nodes = &self.side.nodes;
        if nodes.shops.iter().any(|shop| shop.is_cached) {
            cachekit::global().flush().await?;
        }
        let (hits, calls) = nodes.hits();
        Ok(Measured {
            part,
            queries: nodes.database.queries() - self.queries,
            hits: hits - self.hits.0,
            calls: calls - self.hits.1,
            wall,
            samples,
        })
    }
}
