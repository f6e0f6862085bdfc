//! A table in memory in the place of a database, and caches with queues.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cachekit::{Cache, QueueError, RunningWorkers};
use cachekit_tests::Gate;
use cachekit_tests::redis::Redis;

/// The failure of a write to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failed {
    Down,
    Poison,
    Queue(QueueError),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("the table is down"),
            Self::Poison => f.write_str("the row is not valid"),
            Self::Queue(error) => error.fmt(f),
        }
    }
}

impl From<QueueError> for Failed {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

/// One row: the value, and the version of the write that made it.
pub(crate) type Row = (String, u64);

/// A table, shared by all who have a clone.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Rows>);

#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "the rows are most of it")]
struct Rows {
    rows: Mutex<BTreeMap<u64, Row>>,
    /// The writes in the order in which they came, with their attempt.
    log: Mutex<Vec<(u64, String, u32)>>,
    poisoned: Mutex<BTreeSet<String>>,
    is_down: Mutex<bool>,
    reads: AtomicUsize,
}

impl Table {
    pub(crate) fn read(&self, id: u64) -> Option<String> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let rows = self.0.rows.lock().unwrap();
        rows.get(&id).map(|(value, _)| value.clone())
    }

    pub(crate) fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    /// Writes a row unless it has a newer version.
    pub(crate) fn write(
        &self,
        id: u64,
        value: &str,
        write: cachekit::QueuedWrite,
    ) -> Result<(), Failed> {
        if *self.0.is_down.lock().unwrap() {
            return Err(Failed::Down);
        }
        if self.0.poisoned.lock().unwrap().contains(value) {
            return Err(Failed::Poison);
        }
        let mut log = self.0.log.lock().unwrap();
        log.push((id, value.to_owned(), write.attempt()));
        let mut rows = self.0.rows.lock().unwrap();
        let row = rows.entry(id).or_default();
        if row.1 < write.version() {
            *row = (value.to_owned(), write.version());
        }
        Ok(())
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        *self.0.is_down.lock().unwrap() = is_down;
    }

    pub(crate) fn is_down(&self) -> bool {
        *self.0.is_down.lock().unwrap()
    }

    pub(crate) fn poison(&self, value: &str) {
        self.0.poisoned.lock().unwrap().insert(value.to_owned());
    }

    pub(crate) fn heal(&self) {
        self.0.poisoned.lock().unwrap().clear();
    }

    /// Returns the ids and values of all writes, in the order in which they came.
    pub(crate) fn log(&self) -> Vec<(u64, String)> {
        let log = self.0.log.lock().unwrap();
        log.iter()
            .map(|(id, value, _)| (*id, value.clone()))
            .collect()
    }

    pub(crate) fn values(&self) -> Vec<(u64, String)> {
        let rows = self.0.rows.lock().unwrap();
        rows.iter()
            .map(|(id, (value, _))| (*id, value.clone()))
            .collect()
    }
}

/// A cache without Redis.
pub(crate) async fn memory() -> Cache {
    cachekit_tests::builder().build().await.unwrap()
}

/// A cache over `redis`.
pub(crate) async fn over(redis: &Redis) -> Cache {
    let builder = cachekit_tests::builder().redis(redis.url());
    builder.volatile_queues(true).build().await.unwrap()
}

/// Starts workers for all functions of these tests.
pub(crate) async fn start(cache: &Cache, table: &Table) -> RunningWorkers {
    let workers = cache.workers().provide(table.clone());
    let workers = workers.provide(Arc::new(Gate::new()));
    workers.start().await.unwrap()
}

/// Starts workers for the function `name` alone.
pub(crate) async fn start_one(cache: &Cache, table: &Table, name: &str) -> RunningWorkers {
    let workers = cache.workers().provide(table.clone());
    workers.functions([name]).start().await.unwrap()
}
