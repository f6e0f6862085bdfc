//! The run: writers, workers that come and die, and a Redis that is killed once.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cachekit_tests::redis::Redis;
use fastrand::Rng;
use tokio::runtime::Runtime;

use crate::args::Order;
use crate::child::{Connection, Worker, Writer};
use crate::database::Database;
use crate::functions::{NAMESPACE, QUEUES};
use crate::judge::{self, Verdict};
use crate::truth::Truth;
use crate::writer::{Share, WRITERS};

/// The arguments of a server whose queue outlives its process.
pub(crate) const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "everysec"];

/// The interval at which the parent looks at its processes.
const LOOK: Duration = Duration::from_millis(20);

/// The time for which Redis is down.
const DOWN: Duration = Duration::from_millis(500);

/// The time without any progress after which what is queued counts as lost. A claim of a dead worker
/// lasts 10 s.
const STANDSTILL: Duration = Duration::from_secs(25);

/// The number of workers after each share of the writes, in percent.
const WORKERS: [(u64, usize); 3] = [(0, 1), (20, 4), (80, 1)];

/// The share of the writes after which the database is down, in percent. Before it, workers die between
/// a commit and the end of the write.
const DATABASE_DOWN: u64 = 90;

/// The share of the writes after which Redis is killed, in percent.
const REDIS_DIES: u64 = 50;

/// The deaths of processes in a run, and its times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disturbances {
    pub(crate) killed_workers: u64,
    pub(crate) stopped_workers: u64,
    pub(crate) redis_deaths: u64,
    /// The time for which the database was down.
    pub(crate) database_down: Duration,
    /// The largest number of workers at the same time.
    pub(crate) most_workers: usize,
    /// The time of the writers, and that until the queue was empty.
    pub(crate) writing: Duration,
    pub(crate) draining: Duration,
}

/// Makes the run of `order`, and judges it.
pub(crate) fn all(order: &Order, runtime: &Runtime) -> Result<Verdict, String> {
    let redis = Redis::with(DURABLE);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("carts.db");
    let database = runtime.block_on(async {
        let database = Database::open(&file).await?;
        database.create_tables().await?;
        Ok::<_, sqlx::Error>(database)
    });
    let database = database.map_err(|error| error.to_string())?;
    let take_down = |time| {
        let database = database.clone();
        runtime.spawn(async move { database.take_down(time).await });
    };
    let mut conductor = Conductor::new(order, &redis, &file, &take_down);
    let (truth, left) = conductor.conduct()?;
    let disturbances = conductor.disturbances;
    drop(conductor);
    let verdict = judge::judge(&truth, &left, &database);
    let mut verdict = runtime
        .block_on(verdict)
        .map_err(|error| error.to_string())?;
    verdict.disturbances = disturbances;
    Ok(verdict)
}

/// The writes that Redis has at the end, which should be those that always fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) queued: u64,
    /// Dead writes of each queue.
    pub(crate) dead: [u64; 2],
}

/// Starts, scales and kills the processes of a run.
struct Conductor<'a> {
    order: &'a Order,
    redis: &'a Redis,
    to: Connection<'a>,
    /// Takes the database down for a time, and returns at once.
    take_down: &'a dyn Fn(Duration),
    workers: Vec<Worker>,
    /// Workers that were asked to end.
    ending: Vec<Worker>,
    random: Rng,
    next_death: Instant,
    disturbances: Disturbances,
}

impl<'a> Conductor<'a> {
    fn new(
        order: &'a Order,
        redis: &'a Redis,
        database: &'a Path,
        take_down: &'a dyn Fn(Duration),
    ) -> Self {
        Self {
            order,
            redis,
            to: Connection {
                redis: redis.url(),
                database,
                broken: order.broken.map(|guard| guard.name),
            },
            take_down,
            workers: Vec::new(),
            ending: Vec::new(),
            random: Rng::with_seed(order.seed),
            next_death: Instant::now(),
            disturbances: Disturbances::default(),
        }
    }

    /// Lets the writers write and the workers work, until the queue is empty or nothing moves.
    fn conduct(&mut self) -> Result<(Truth, Left), String> {
        let start = Instant::now();
        let truth = self.while_writing()?;
        self.disturbances.writing = start.elapsed();
        let start = Instant::now();
        self.kill_one()?;
        let left = self.drain()?;
        self.disturbances.draining = start.elapsed();
        Ok((truth, left))
    }

    fn while_writing(&mut self) -> Result<Truth, String> {
        self.scale(0)?;
        self.schedule_death();
        let mut writers: Vec<_> = (0..WRITERS).map(|of| self.writer(of)).collect();
        loop {
            sleep(LOOK);
            let made: u64 = writers.iter().map(Writer::made).sum();
            self.disturb(made * 100 / self.order.writes.max(1))?;
            let truths = writers.iter_mut().map(Writer::truth);
            let truths: Option<Vec<Truth>> = truths.collect::<Result<_, _>>()?;
            if let Some(truths) = truths {
                let mut all = Truth::default();
                for truth in truths {
                    all.add(truth);
                }
                return Ok(all);
            }
        }
    }

    /// Starts, stops and kills what is due after `percent` of the writes.
    fn disturb(&mut self, percent: u64) -> Result<(), String> {
        self.scale(percent)?;
        if percent >= DATABASE_DOWN && self.disturbances.database_down.is_zero() {
            let time = Duration::from_secs(self.order.down_seconds);
            (self.take_down)(time);
            self.disturbances.database_down = time;
        }
        if percent >= REDIS_DIES && self.disturbances.redis_deaths == 0 {
            self.kill_redis();
        }
        // Afterwards writers wait for what always fails, which a worker knows by its successes.
        if percent < 100 && Instant::now() >= self.next_death {
            self.kill_one()?;
            self.schedule_death();
        }
        Ok(())
    }

    fn writer(&self, of: u64) -> Writer {
        let share = Share {
            of,
            writes: self.order.writes,
            carts: self.order.carts,
            counters: self.order.counters,
            seed: self.order.seed,
        };
        Writer::start(&self.to, &share)
    }

    /// Starts or stops workers, so that there are as many as at `percent` of the writes.
    fn scale(&mut self, percent: u64) -> Result<(), String> {
        let step = WORKERS.iter().rev().find(|(from, _)| *from <= percent);
        let count = step.map_or(1, |(_, count)| *count);
        while self.workers.len() < count {
            self.workers.push(Worker::start(&self.to)?);
        }
        while self.workers.len() > count {
            let mut worker = self.workers.remove(0);
            worker.stop();
            self.ending.push(worker);
            self.disturbances.stopped_workers += 1;
        }
        let most = &mut self.disturbances.most_workers;
        *most = self.workers.len().max(*most);
        self.reap()
    }

    /// Forgets the workers that have ended as they were asked to.
    fn reap(&mut self) -> Result<(), String> {
        for worker in &mut self.workers {
            if worker.has_ended()? {
                return Err("a worker ended before it was told to".to_owned());
            }
        }
        let mut running = Vec::new();
        for mut worker in self.ending.drain(..) {
            if !worker.has_ended()? {
                running.push(worker);
            }
        }
        self.ending = running;
        Ok(())
    }

    fn schedule_death(&mut self) {
        let millis = self.random.u64(self.order.death_millis.clone());
        self.next_death = Instant::now() + Duration::from_millis(millis);
    }

    /// Kills a worker, and starts another in its place.
    fn kill_one(&mut self) -> Result<(), String> {
        let victim = self.random.usize(..self.workers.len());
        drop(self.workers.swap_remove(victim));
        self.disturbances.killed_workers += 1;
        self.workers.push(Worker::start(&self.to)?);
        Ok(())
    }

    fn kill_redis(&mut self) {
        self.wait_for_written_file();
        self.redis.kill();
        sleep(DOWN);
        self.redis.restart();
        self.disturbances.redis_deaths += 1;
    }

    /// Waits until Redis hands each write to the system before it answers, so that the death of its
    /// process loses no answered write. While a sync of the append-only file runs, `everysec` lets
    /// Redis keep writes for up to two seconds. The sync begins with a second of the clock.
    fn wait_for_written_file(&self) {
        let mut client = self.redis.client();
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            let syncs = client.info("persistence", "aof_pending_bio_fsync");
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
            let millis = since_epoch.map_or(0, |time| time.subsec_millis());
            if syncs.as_deref() == Some("0") && (200..700).contains(&millis) {
                return;
            }
            sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the queues are empty. Returns what is left if nothing moves any longer.
    fn drain(&mut self) -> Result<Left, String> {
        let (mut left, mut since) = (self.left(), Instant::now());
        while left.queued > 0 && since.elapsed() < STANDSTILL {
            sleep(LOOK);
            self.reap()?;
            let now = self.left();
            if now.queued < left.queued {
                since = Instant::now();
            }
            left = now;
        }
        Ok(left)
    }

    fn left(&self) -> Left {
        let mut client = self.redis.client();
        let mut left = Left::default();
        for (dead, queue) in left.dead.iter_mut().zip(QUEUES) {
            let key = |part: &str| format!("{NAMESPACE}:wb:{{{queue}}}:{part}");
            let mut count = |command: &str, part: &str| {
                let number = client.int(&[command, &*key(part)]);
                u64::try_from(number).unwrap_or(0)
            };
            left.queued += count("ZCARD", "due");
            *dead = count("XLEN", "dead");
        }
        left
    }
}
