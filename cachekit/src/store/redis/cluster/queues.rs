//! The queues of write-behind functions in a Redis Cluster. Each queue is in one slot.

use std::sync::Arc;

use redis::Value;
use tokio::time::Instant;

use crate::store::failure::Failure;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::cluster::links::Speaker;
use crate::store::redis::cluster::slot::slot;
use crate::store::redis::queue_server::{QueueServer, QueueStep, searching};
use crate::store::redis::reply::{Said, queues};
use crate::store::redis::script::Script;
use crate::store::write_queue::QueueFuture;

/// The number of bits of a position that a master's own position takes. The bits above are the number
/// of the master. A server's own position is less than the number of its keys.
const CURSOR_BITS: u32 = 54;

impl QueueServer for Cluster {
    fn prefix(&self) -> &[u8] {
        self.names.prefix()
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        queue: &'a [u8],
        step: QueueStep,
        until: Instant,
        read: impl FnOnce(Value) -> Said<T> + Send + 'a,
    ) -> QueueFuture<'a, T> {
        Box::pin(async move {
            let group = Group::new(slot(queue));
            let group = match step {
                QueueStep::Command(command) => group.with(command),
                // This script makes the names of its keys itself, so the server cannot tell that some
                // of them are at another master.
                QueueStep::Script(script @ Script::WriteQueue, call) => {
                    group.staying().with_script(script, call)
                }
                QueueStep::Script(script, call) => group.with_script(script, call),
            };
            let (value, speaker) = self.run_one(group, until).await?.last();
            speaker.said(read(value))
        })
    }

    /// Searches one master after another.
    fn search(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)> {
        Box::pin(async move {
            let (number, cursor) = split(position);
            let masters = self.links.all();
            let Some((_, link)) = masters.get(number) else {
                // There are fewer masters than at the last step, or none is known.
                return if masters.is_empty() {
                    Err(Failure::Unavailable)
                } else {
                    Ok((0, vec![]))
                };
            };
            let speaker = Speaker::of(Arc::clone(link))?;
            let (scan, [before, after]) = searching(self.names.prefix(), cursor);
            let mut commands = redis::Pipeline::new();
            commands.add_command(scan);
            let run = link.connections.run(&speaker.connected, &commands, until);
            let found = run.await?.pop().unwrap_or(Value::Nil);
            let (cursor, names) = speaker.said(queues::scanned(found, before, after))?;
            let next = match cursor {
                0 if number + 1 >= masters.len() => 0,
                0 => joined(number + 1, 0),
                cursor => joined(number, cursor),
            };
            Ok((next, names))
        })
    }
}

/// Splits the position of a search into the number of a master and that master's own position.
fn split(position: u64) -> (usize, u64) {
    let number = position >> CURSOR_BITS;
    let cursor = position & ((1 << CURSOR_BITS) - 1);
    (usize::try_from(number).unwrap_or(usize::MAX), cursor)
}

fn joined(number: usize, cursor: u64) -> u64 {
    (number as u64) << CURSOR_BITS | cursor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_that_of_a_master() {
        for (number, cursor) in [(0, 0), (1, 0), (1_000, 7), (3, (1 << CURSOR_BITS) - 1)] {
            assert_eq!(split(joined(number, cursor)), (number, cursor));
        }
        assert_eq!(split(5), (0, 5));
    }
}
