//! The servers that have the queues of write-behind functions: one Redis server, or a Redis Cluster.

use std::fmt;

use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

use crate::store::redis::Redis;
use crate::store::redis::queue_keys::{QUEUES, scan};
use crate::store::redis::reply::{Said, queues};
use crate::store::redis::script::{Call, Script};
use crate::store::write_queue::QueueFuture;

/// The last part of the Redis key of a queue's dead writes, after the name of the function.
const DEAD: &[u8] = b"}:dead";

/// A Redis server, or a Redis Cluster, that runs the commands of queues.
pub(crate) trait QueueServer: fmt::Debug + Send + Sync {
    /// Returns the namespace and a colon, with which all keys of queues begin.
    fn prefix(&self) -> &[u8];

    /// Runs `step`, which belongs to the queue whose keys begin with `queue`, and parses the answer
    /// with `read`. An answer counts also if its connection ends right after it.
    fn run<'a, T: Send + 'a>(
        &'a self,
        queue: &'a [u8],
        step: QueueStep,
        until: Instant,
        read: impl FnOnce(Value) -> Said<T> + Send + 'a,
    ) -> QueueFuture<'a, T>;

    /// Returns a part of the names of the queues with dead writes, as
    /// [`with_dead`](crate::store::write_queue::WriteQueue::with_dead) does.
    fn search(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)>;
}

/// A command on the keys of one queue.
pub(crate) enum QueueStep {
    Command(Cmd),
    Script(Script, Call),
}

/// Returns the command that searches keys of dead writes from the position `cursor` on, and the
/// lengths of a key before and after the name of its queue.
pub(crate) fn searching(prefix: &[u8], cursor: u64) -> (Cmd, [usize; 2]) {
    let before = prefix.len() + QUEUES.len();
    (scan(prefix, cursor, DEAD), [before, DEAD.len()])
}

impl QueueServer for Redis {
    fn prefix(&self) -> &[u8] {
        &self.prefix.bytes
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        _: &'a [u8],
        step: QueueStep,
        until: Instant,
        read: impl FnOnce(Value) -> Said<T> + Send + 'a,
    ) -> QueueFuture<'a, T> {
        Box::pin(async move {
            let connected = self.connected()?;
            let value = match step {
                QueueStep::Script(script, call) => {
                    self.script(&connected, script, &call, until).await?
                }
                QueueStep::Command(command) => {
                    let mut commands = Pipeline::new();
                    commands.add_command(command);
                    let mut values = self.connections.run(&connected, &commands, until).await?;
                    values.pop().unwrap_or(Value::Nil)
                }
            };
            self.said(&connected, read(value))
        })
    }

    fn search(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)> {
        Box::pin(async move {
            let (scan, [before, after]) = searching(&self.prefix.bytes, position);
            let read = move |found| queues::scanned(found, before, after);
            QueueServer::run(self, &[], QueueStep::Command(scan), until, read).await
        })
    }
}
