//! The record of a node's reads and writes, sent to the parent.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cachekit::Cache;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;

use super::node;
use super::write_log::Ended;
use crate::cells::Cell;
use cachekit_tests::clock;

/// How often the parent is told.
const PAUSE: Duration = Duration::from_millis(50);

/// How often Redis's acceptance of what it did not accept at once is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// One read that returned.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub(super) cell: Cell,
    pub(super) begin: u64,
    pub(super) end: u64,
    /// Zero: an absence.
    pub(super) version: u64,
    /// How long computations ran inside of it.
    pub(super) spent: u64,
    /// Whether messages came through when it began.
    pub(super) is_bus_live: bool,
    /// Whether nothing old was asked for.
    pub(super) is_fresh: bool,
}

/// Lines that the parent has not got.
pub(super) struct Record {
    lines: Mutex<String>,
    /// Writes that Redis has not accepted.
    queued_invalidations: Mutex<Vec<u64>>,
    next: AtomicU64,
    ended: AtomicBool,
}

impl Record {
    /// Of the node of this number.
    pub(super) fn new(node: u8) -> Self {
        Self {
            lines: Mutex::new(format!("history {node}\n")),
            queued_invalidations: Mutex::default(),
            next: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        }
    }

    pub(super) fn read(&self, read: &Read) {
        let Read {
            cell,
            begin,
            end,
            version,
            spent,
            is_bus_live,
            is_fresh,
        } = read;
        let [heard, fresh] = [*is_bus_live, *is_fresh].map(u8::from);
        let cell = cell.0;
        self.line(format_args!(
            "r {cell} {begin} {end} {version} {spent} {heard} {fresh}"
        ));
    }

    /// A write whose invalidation returned then.
    pub(super) fn write(&self, kind: &str, returned: u64, write: &Ended) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (began, mode) = (write.began, write.mode.word());
        let acknowledged = u8::from(write.is_acknowledged);
        let mut line = format!("w {id} {kind} {began} {returned} {acknowledged} {mode}");
        for (cell, version) in &write.versions {
            // Writing to a string cannot fail.
            let _ = write!(line, " {}:{version}", cell.0);
        }
        self.line(format_args!("{line}"));
        lock(&self.queued_invalidations).push(id);
        self.look(&node().cache);
    }

    /// What must not happen, in words.
    pub(super) fn problem(&self, problem: &str) {
        self.line(format_args!("x {} {problem}", clock::now()));
    }

    /// Looks again and again whether Redis accepted what it had not.
    pub(super) async fn watch(&self, cache: &Cache) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look(cache);
        }
    }

    /// Everything that this node still had to tell Redis before the look was accepted, if
    /// nothing is left to be told.
    fn look(&self, cache: &Cache) {
        let waiting = std::mem::take(&mut *lock(&self.queued_invalidations));
        if waiting.is_empty() {
            return;
        }
        if cache.stats().redis.queued_invalidations > 0 {
            lock(&self.queued_invalidations).extend(waiting);
            return;
        }
        let now = clock::now();
        for id in waiting {
            self.line(format_args!("a {id} {now}"));
        }
    }

    /// Sends what there is, until the end.
    pub(super) async fn tell(&self, mut parent: OwnedWriteHalf) {
        loop {
            let is_last = self.ended.load(Ordering::SeqCst);
            let lines = std::mem::take(&mut *lock(&self.lines));
            if parent.write_all(lines.as_bytes()).await.is_err() {
                std::process::exit(3);
            }
            if is_last {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The last lines: what the cache counted.
    pub(super) async fn end(&self, cache: &Cache) {
        // What Redis has not accepted, it soon will have.
        tokio::time::sleep(LOOK * 4).await;
        self.look(cache);
        let stats = cache.stats();
        for (name, value) in [
            ("memory", stats.memory_hits),
            ("redis", stats.redis_hits),
            ("stale", stats.stale_hits),
            ("computed", stats.computations),
            ("coalesced", stats.coalesced),
            ("invalidations", stats.invalidations),
            ("refused", stats.refused_stores),
            ("redis-refused", stats.redis.refused_stores),
            ("superseded", stats.superseded),
            ("redis-failures", stats.redis.failures),
            ("lock-timeouts", stats.lock_timeouts),
            ("acknowledged", stats.redis.acknowledged),
            ("acknowledged_by_time", stats.redis.acknowledged_by_time),
            ("unacknowledged", stats.redis.unacknowledged),
        ] {
            self.line(format_args!("s {name} {value}"));
        }
        self.line(format_args!("done"));
        self.ended.store(true, Ordering::SeqCst);
    }

    fn line(&self, line: std::fmt::Arguments<'_>) {
        let mut lines = lock(&self.lines);
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{line}");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
