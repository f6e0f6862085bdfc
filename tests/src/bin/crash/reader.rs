//! The nodes' callers, which read a row again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit_tests::clock;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::row::{Failed, NEW, Node, read_row};

/// The pause between two reads of a row on one node.
const PAUSE: Duration = Duration::from_millis(4);

/// The readers of a row, one on each node.
#[derive(Debug)]
pub(crate) struct Readers {
    tasks: JoinSet<Failed>,
    seen: Arc<Seen>,
}

/// What the readers of a row got.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    reads: AtomicU64,
    /// The begin of the latest read that got the old version.
    latest_old: AtomicU64,
}

impl Readers {
    /// Begins to read `row`, when each node has its value in memory.
    pub(crate) async fn begin(nodes: &[Arc<Node>], row: u64) -> Result<Self, Failed> {
        let seen = Arc::new(Seen::default());
        let mut tasks = JoinSet::new();
        for node in nodes {
            read_row(node, row).await?;
            tasks.spawn(read(Arc::clone(node), row, Arc::clone(&seen)));
        }
        Ok(Self { tasks, seen })
    }

    /// Ends the reading, and returns the begin of the latest read that got the old version.
    ///
    /// # Errors
    ///
    /// Fails if a read failed, or there were none.
    pub(crate) async fn end(mut self) -> Result<u64, Failed> {
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(failed) => return Err(failed),
                Err(error) if error.is_panic() => return Err(error.to_string()),
                Err(_) => {}
            }
        }
        if self.seen.reads.load(Ordering::SeqCst) == 0 {
            return Err("nobody read".to_owned());
        }
        Ok(self.seen.latest_old.load(Ordering::SeqCst))
    }
}

/// Reads until it is stopped or a read fails.
async fn read(node: Arc<Node>, row: u64, seen: Arc<Seen>) -> Failed {
    loop {
        let begin = clock::now();
        match read_row(&node, row).await {
            Ok(NEW) => {}
            Ok(_) => drop(seen.latest_old.fetch_max(begin, Ordering::SeqCst)),
            Err(failed) => return failed,
        }
        seen.reads.fetch_add(1, Ordering::SeqCst);
        sleep(PAUSE).await;
    }
}
