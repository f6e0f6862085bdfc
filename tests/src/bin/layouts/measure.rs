//! Measures one layout with values of one size.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult, Value};
use tokio::task::JoinSet;

use crate::layout::{Layout, Scripts};
use crate::server::{Cost, Server};

/// Concurrent tasks over one connection.
const TASKS: usize = 64;
/// How many scripts are sent at once.
const BATCH: usize = 16;
const LEASE: u64 = 600_000;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// Hits of a round, and of one task alone.
    pub(crate) hits: usize,
    pub(crate) alone: usize,
    pub(crate) entries: usize,
}

/// A layout on a server, with values of one size.
pub(crate) struct Subject {
    pub(crate) layout: Layout,
    pub(crate) scripts: Scripts,
    pub(crate) value: Vec<u8>,
    pub(crate) versions: Vec<String>,
    pub(crate) connection: MultiplexedConnection,
    pub(crate) effort: Effort,
}

/// One round.
#[derive(Debug, Default, Clone)]
pub(crate) struct Round {
    pub(crate) hit: Cost,
    pub(crate) per_second: f64,
    pub(crate) alone: Vec<Duration>,
    pub(crate) acquire_new: Cost,
    pub(crate) acquire_old: Cost,
    pub(crate) fill: Cost,
}

/// A token of 16 bytes.
fn token(number: usize) -> String {
    format!("token-{number:010}")
}

impl Subject {
    /// Stores the entries that are hit.
    pub(crate) async fn store(&self) -> RedisResult<()> {
        self.acquire("hit").await?;
        self.fill("hit").await
    }

    pub(crate) async fn round(&self, server: &mut Server) -> RedisResult<Round> {
        let mut round = Round::default();
        let commands = ["pttl", "mget", "hget"];
        let reset = server.reset();
        let start = Instant::now();
        self.hits().await?;
        let took = start.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (hits, entries) = (self.hits_of_a_round() as f64, self.effort.entries as f64);
        round.hit = server.cost(reset, &commands, hits);
        round.per_second = hits / took.as_secs_f64();
        round.alone = self.alone().await?;

        let script = ["evalsha"];
        let reset = server.reset();
        self.acquire("new").await?;
        round.acquire_new = server.cost(reset, &script, entries);
        let reset = server.reset();
        self.fill("new").await?;
        let first = server.cost(reset, &script, entries);
        let reset = server.reset();
        self.acquire("new").await?;
        round.acquire_old = server.cost(reset, &script, entries);
        let reset = server.reset();
        self.fill("new").await?;
        let second = server.cost(reset, &script, entries);
        round.fill = Cost {
            execution: f64::midpoint(first.execution, second.execution),
            cpu: f64::midpoint(first.cpu, second.cpu),
        };
        server.delete_all(&self.layout.keys("new-*")[0]);
        Ok(round)
    }

    /// Memory of an entry without a lease, and with one.
    pub(crate) async fn memory(&self, server: &mut Server) -> RedisResult<(i64, i64)> {
        let keys = self.layout.keys("hit-0");
        let without = server.memory(&keys);
        let acquire = self
            .layout
            .acquire(&self.scripts, "hit-0", &token(1), LEASE);
        let _: String = acquire.query_async(&mut self.connection.clone()).await?;
        Ok((without, server.memory(&keys)))
    }

    fn hits_of_a_round(&self) -> usize {
        self.effort.hits / TASKS * TASKS
    }

    /// Hits by many tasks.
    async fn hits(&self) -> RedisResult<()> {
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let hits: Vec<_> = (0..self.effort.hits / TASKS)
                .map(|number| self.hit(task * 31 + number))
                .collect();
            let mut connection = self.connection.clone();
            tasks.spawn(async move {
                for hit in hits {
                    check(&hit.query_async::<Vec<Value>>(&mut connection).await?);
                }
                RedisResult::Ok(())
            });
        }
        tasks.join_all().await.into_iter().collect()
    }

    /// Hits by one task: how long each took.
    async fn alone(&self) -> RedisResult<Vec<Duration>> {
        let mut connection = self.connection.clone();
        let mut times = Vec::new();
        for number in 0..self.effort.alone {
            let hit = self.hit(number);
            let start = Instant::now();
            let found: Vec<Value> = hit.query_async(&mut connection).await?;
            times.push(start.elapsed());
            check(&found);
        }
        Ok(times)
    }

    fn hit(&self, number: usize) -> Pipeline {
        let id = format!("hit-{}", number % self.effort.entries);
        self.layout.hit(&id, &self.versions)
    }

    async fn acquire(&self, set: &str) -> RedisResult<()> {
        for first in (0..self.effort.entries).step_by(BATCH) {
            let mut batch = redis::pipe();
            for number in self.batch(first) {
                let id = format!("{set}-{number}");
                let acquire = self
                    .layout
                    .acquire(&self.scripts, &id, &token(number), LEASE);
                batch.add_command(acquire);
            }
            let tokens: Vec<String> = batch.query_async(&mut self.connection.clone()).await?;
            assert!(
                self.batch(first).map(token).eq(tokens),
                "every lease is free"
            );
        }
        Ok(())
    }

    async fn fill(&self, set: &str) -> RedisResult<()> {
        for first in (0..self.effort.entries).step_by(BATCH) {
            let mut batch = redis::pipe();
            for number in self.batch(first) {
                let id = format!("{set}-{number}");
                let fill = self
                    .layout
                    .fill(&self.scripts, &id, &token(number), &self.value);
                batch.add_command(fill);
            }
            let stored: Vec<bool> = batch.query_async(&mut self.connection.clone()).await?;
            assert!(stored.iter().all(|stored| *stored), "every token counts");
        }
        Ok(())
    }

    fn batch(&self, first: usize) -> std::ops::Range<usize> {
        first..self.effort.entries.min(first + BATCH)
    }
}

/// A hit has a value, and so has every version key.
fn check(found: &[Value]) {
    let whole = found.iter().all(|value| match value {
        Value::Array(values) => !values.contains(&Value::Nil),
        Value::Int(left) => *left > 0,
        value => *value != Value::Nil,
    });
    assert!(whole, "everything is there");
}
