//! The truth: a version for each row.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cells::{CELLS, Cell};
use cachekit_tests::clock;

/// The versions, and who computes from them.
pub(super) struct Table {
    rows: Vec<Mutex<Row>>,
    pub(super) executions: AtomicU64,
    /// Those that began while another of the same row ran.
    pub(super) concurrent: AtomicU64,
}

/// One row.
#[derive(Debug, Clone)]
struct Row {
    version: u64,
    running: u32,
    /// When each version came to be, at the earliest.
    commits: Vec<(u64, u64)>,
}

impl Default for Table {
    fn default() -> Self {
        let row = Row {
            version: 1,
            running: 0,
            commits: vec![(0, 1)],
        };
        Self {
            rows: (0..CELLS).map(|_| Mutex::new(row.clone())).collect(),
            executions: AtomicU64::new(0),
            concurrent: AtomicU64::new(0),
        }
    }
}

impl Table {
    /// Answers one node until it ends.
    pub(super) fn serve(&self, node: BufReader<TcpStream>, mut replies: TcpStream) {
        for line in node.lines() {
            let Ok(line) = line else { return };
            let reply = self.answer(&line);
            if !reply.is_empty() && replies.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, line: &str) -> String {
        let mut words = line.split(' ');
        match words.next() {
            Some("b") => reply(words, |cell| self.begin(cell)),
            Some("c") => reply(words, |cell| self.commit(cell)),
            _ => {
                cells(words).for_each(|cell| self.end(cell));
                String::new()
            }
        }
    }

    fn begin(&self, cell: Cell) -> u64 {
        let mut row = self.row(cell);
        self.executions.fetch_add(1, Ordering::Relaxed);
        if row.running > 0 {
            self.concurrent.fetch_add(1, Ordering::Relaxed);
        }
        row.running += 1;
        row.version
    }

    fn end(&self, cell: Cell) {
        let mut row = self.row(cell);
        row.running = row.running.saturating_sub(1);
    }

    /// Raises the version of `cell`.
    pub(super) fn commit(&self, cell: Cell) -> u64 {
        let mut row = self.row(cell);
        row.version += 1;
        let commit = (clock::now(), row.version);
        row.commits.push(commit);
        row.version
    }

    /// When each version of `cell` came to be, in order.
    pub(super) fn commits(&self, cell: Cell) -> Vec<(u64, u64)> {
        self.row(cell).commits.clone()
    }

    fn row(&self, cell: Cell) -> MutexGuard<'_, Row> {
        let row = &self.rows[usize::from(cell.0)];
        row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cells<'a>(words: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Cell> {
    words.filter_map(|word| word.parse().ok().map(Cell))
}

/// The number of a request, and an answer for each of its cells.
fn reply<'a>(mut words: impl Iterator<Item = &'a str>, answer: impl Fn(Cell) -> u64) -> String {
    let mut reply = words.next().unwrap_or_default().to_owned();
    for cell in cells(words) {
        reply.push(' ');
        reply.push_str(&answer(cell).to_string());
    }
    reply.push('\n');
    reply
}
