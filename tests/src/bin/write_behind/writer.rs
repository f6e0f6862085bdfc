//! The process of a writer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cachekit::QueueError;
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::broken::{self, RemovedGuard};
use crate::database::Database;
use crate::functions::{Cart, Failed, add, connect, node, save_carts};
use crate::reader::{Nodes, Reader, poison};
use crate::truth::{Calls, Truth};

/// The word of the command line that makes a process a writer.
pub(crate) const WORD: &str = "--writer";

/// The number of writers.
pub(crate) const WRITERS: u64 = 4;

/// The tasks of one writer. Each has carts of its own, so that the saves of one cart have an order.
const TASKS: u64 = 32;

/// The interval at which a writer tells the number of its calls.
const TELL: Duration = Duration::from_millis(50);

/// The pause before a refused call is repeated.
const PAUSE: Duration = Duration::from_millis(20);

/// The numbers of the command line of a writer.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    /// The number of the writer, less than [`WRITERS`].
    pub(crate) of: u64,
    /// The number of writes of all writers together, of each kind.
    pub(crate) writes: u64,
    pub(crate) carts: u64,
    pub(crate) counters: u64,
    pub(crate) seed: u64,
}

impl Share {
    pub(crate) fn to_words(&self) -> [String; 5] {
        let numbers = [self.of, self.writes, self.carts, self.counters, self.seed];
        numbers.map(|number| number.to_string())
    }

    fn parse(words: &[String]) -> Option<Self> {
        let numbers = words.iter().map(|word| word.parse().ok());
        let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        let &[of, writes, carts, counters, seed] = &*numbers else {
            return None;
        };
        Some(Self {
            of,
            writes,
            carts,
            counters,
            seed,
        })
    }
}

/// Makes the calls of the share that `words` name, and tells their results.
pub(crate) fn main(words: &[String]) -> Result<(), String> {
    let own = || format!("{WORD} is for this program alone");
    let (connection, words) = words.split_at_checked(2).ok_or_else(own)?;
    let (share, broken) = words.split_at_checked(5).ok_or_else(own)?;
    let share = Share::parse(share).ok_or_else(own)?;
    let broken = broken.first().map(|name| broken::find(name)).transpose()?;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let [redis, database] = [&connection[0], &connection[1]];
        let (own, database) = connect(redis, Path::new(database), broken).await?;
        let other = node(redis, broken).await?;
        let writes_through = broken.is_some_and(RemovedGuard::writes_through);
        let writing = Writing {
            share,
            nodes: Nodes { own, other },
            database,
            writes_through,
        };
        for line in writing.run().await.to_lines() {
            println!("{line}");
        }
        println!("end");
        Ok(())
    })
}

/// The work of one writer.
struct Writing {
    share: Share,
    nodes: Nodes,
    database: Database,
    /// `true` if some calls need the database themselves.
    writes_through: bool,
}

impl Writing {
    async fn run(&self) -> Truth {
        let is_over = Arc::new(AtomicBool::new(false));
        let reader = Reader::new(&self.share, &self.nodes, &self.database);
        let reading = tokio::spawn(reader.run(Arc::clone(&is_over)));
        let mut truth = self.write().await;
        is_over.store(true, Ordering::Relaxed);
        truth.add(reading.await.expect("it does not panic"));
        truth
    }

    async fn write(&self) -> Truth {
        let share = &self.share;
        let made = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for number in 0..TASKS {
            let task = Task::new(self, number, &made);
            tasks.spawn(task.run());
        }
        if share.of == 0 {
            tasks.spawn(poison(
                share.clone(),
                self.nodes.clone(),
                self.database.clone(),
            ));
        }
        let tell = move || println!("at {}", made.load(Ordering::Relaxed));
        let telling = tokio::spawn({
            let tell = tell.clone();
            async move {
                loop {
                    tell();
                    sleep(TELL).await;
                }
            }
        });
        let mut truth = Truth::default();
        for of_task in tasks.join_all().await {
            truth.add(of_task);
        }
        telling.abort();
        tell();
        truth
    }
}

/// A task that makes one call after the other.
struct Task {
    database: Database,
    writes_through: bool,
    made: Arc<AtomicU64>,
    /// The carts that only this task saves.
    carts: Vec<u64>,
    counters: u64,
    calls: u64,
    random: Rng,
    truth: Truth,
}

impl Task {
    fn new(writing: &Writing, number: u64, made: &Arc<AtomicU64>) -> Self {
        let share = &writing.share;
        let (all, own) = (WRITERS * TASKS, share.of * TASKS + number);
        Self {
            database: writing.database.clone(),
            writes_through: writing.writes_through,
            made: Arc::clone(made),
            carts: (0..share.carts).filter(|id| id % all == own).collect(),
            counters: share.counters,
            calls: share.writes / all + u64::from(own < share.writes % all),
            random: Rng::with_seed(share.seed ^ own << 32),
            truth: Truth::default(),
        }
    }

    async fn run(mut self) -> Truth {
        for _ in 0..self.calls {
            self.save().await;
            self.add().await;
            self.made.fetch_add(1, Ordering::Relaxed);
        }
        self.truth
    }

    async fn save(&mut self) {
        let Some(&id) = self.random.choice(&self.carts) else {
            return;
        };
        let saves = self.truth.carts.entry(id).or_default();
        let last = saves.unconfirmed.last().unwrap_or(&saves.accepted);
        let number = last + 1;
        let calls = &mut self.truth.saves;
        let (database, writes_through) = (&self.database, self.writes_through);
        let save = || async move {
            if writes_through && number.is_multiple_of(8) {
                database.begin().await?;
            }
            save_carts(database, vec![Cart { id, number }]).await
        };
        if accepted(calls, save).await {
            saves.accepted = number;
            saves.unconfirmed.clear();
        } else {
            saves.unconfirmed.push(number);
        }
    }

    async fn add(&mut self) {
        let id = self.random.u64(..self.counters);
        let additions = self.truth.counters.entry(id).or_default();
        let calls = &mut self.truth.additions;
        if accepted(calls, || add(&self.database, vec![id])).await {
            additions.accepted += 1;
        } else {
            additions.unconfirmed += 1;
        }
    }
}

/// Makes a call until it is not refused. Returns `true` if it was accepted, and `false` if its result
/// is not known.
pub(crate) async fn accepted<F>(calls: &mut Calls, call: impl Fn() -> F) -> bool
where
    F: Future<Output = Result<(), Failed>>,
{
    loop {
        match call().await {
            Ok(()) => {
                calls.accepted += 1;
                return true;
            }
            Err(Failed::Queue(QueueError::Unconfirmed)) => {
                calls.unconfirmed += 1;
                return false;
            }
            Err(Failed::Queue(QueueError::Unavailable | QueueError::Refused(_))) => {
                calls.refused += 1;
            }
            Err(_) => calls.failed += 1,
        }
        sleep(PAUSE).await;
    }
}
