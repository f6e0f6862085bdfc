//! The queues of write-behind functions in Redis.
//!
//! The keys of a queue begin with `NAMESPACE:wb:{FUNCTION}:`. The braces put all keys of a queue
//! into one slot of a Redis Cluster.

use std::time::Duration;

use redis::Value;
use tokio::time::Instant;

use crate::model::queue_spec::QueueKind;
use crate::store::failure::Failure;
use crate::store::redis::queue_keys::{QUEUES, scan};
use crate::store::redis::reply::queues;
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{Redis, millis};
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, DeadItem, Enqueued, Failed, Finish, NewWrite, Part, Payload,
    QueueFuture, QueueState, QueuedItem, Retry, WriteQueue, Written,
};

/// The last part of the Redis key of a queue's dead writes, after the name of the function.
const DEAD: &[u8] = b"}:dead";

/// Returns `true` if `text` has the form of the id of a dead write, such as `1792216745123-0`. Redis
/// refuses other texts with an error.
fn is_id(text: &str) -> bool {
    let numbers = text.split_once('-');
    numbers.is_some_and(|(time, number)| [time, number].iter().all(|it| it.parse::<u64>().is_ok()))
}

impl Redis {
    /// Returns the beginning of the keys of the queue `name`.
    fn queue_prefix(&self, name: &str) -> Vec<u8> {
        [&*self.prefix.bytes, QUEUES, name.as_bytes(), b"}:"].concat()
    }

    fn enqueuing(&self, write: &NewWrite<'_>) -> Result<Call, Failure> {
        let Payload::Encoded(payload) = &write.payload else {
            return Err(Failure::Rejected("NOTENCODED".to_owned()));
        };
        let prefix = self.queue_prefix(write.queue);
        let key = |part: &[u8]| [&*prefix, part].concat();
        let is_newest = write.kind == QueueKind::Newest;
        let first: &[u8] = if is_newest { b"values" } else { b"count" };
        let mut keys = vec![key(first), key(b"due"), key(b"since"), key(b"version")];
        if is_newest {
            keys.extend([key(b"attempts"), key(b"lost")]);
        } else {
            keys.push([&*prefix, b"items:", write.key].concat());
        }
        Ok(Call {
            keys,
            args: vec![
                write.kind.as_str().into(),
                write.key.into(),
                payload.clone(),
                millis(write.delay),
                write.capacity.to_string().into(),
            ],
        })
    }

    /// Runs the operation `op` of the queue script on the queue `name`.
    async fn on_queue(
        &self,
        (name, kind): (&str, QueueKind),
        op: &str,
        args: impl IntoIterator<Item = Vec<u8>>,
        until: Instant,
    ) -> Result<Value, Failure> {
        let words = [op.into(), kind.as_str().into()];
        let call = Call {
            keys: vec![self.queue_prefix(name)],
            args: words.into_iter().chain(args).collect(),
        };
        let connected = self.connected()?;
        self.script(&connected, Script::WriteQueue, &call, until)
            .await
    }

    /// Returns at most `most` dead writes from one id to another.
    async fn dead_range(
        &self,
        queue: &str,
        (from, to): (&str, &str),
        most: usize,
        until: Instant,
    ) -> Result<Vec<DeadItem>, Failure> {
        let dead = [&*self.queue_prefix(queue), b"dead"].concat();
        let mut commands = redis::Pipeline::new();
        let range = commands.cmd("XRANGE").arg(dead).arg(from).arg(to);
        range.arg("COUNT").arg(most);
        let read = |mut values: Vec<Value>| queues::dead(values.pop().unwrap_or(Value::Nil));
        self.run(&commands, until, read).await
    }

    /// Runs an operation under `claim`. The script answers 1 or 0.
    fn under_claim<'a>(
        &'a self,
        claim: Claim<'a>,
        op: &'static str,
        args: Vec<Vec<u8>>,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        Box::pin(async move {
            let queue = (claim.queue, claim.kind);
            let value = self.on_queue(queue, op, args, until).await?;
            let connected = self.connected()?;
            self.said(&connected, queues::is_done(&value))
        })
    }
}

/// The largest number of keys in one run of a script, whose arguments are limited by the stack of
/// Lua.
const MOST_KEYS: usize = 1_000;

/// Returns the keys of `writes`, each with its version.
fn words(writes: &[Written]) -> impl Iterator<Item = Vec<u8>> {
    let pairs = writes.iter();
    pairs.flat_map(|it| [it.key.clone(), it.version.to_string().into()])
}

impl WriteQueue for Redis {
    fn enqueue<'a>(&'a self, write: &'a NewWrite<'a>, until: Instant) -> QueueFuture<'a, Enqueued> {
        Box::pin(async move {
            let call = self.enqueuing(write)?;
            let connected = self.connected()?;
            let value = self
                .script(&connected, Script::Enqueue, &call, until)
                .await?;
            self.said(&connected, queues::enqueued(value))
        })
    }

    fn newest<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        until: Instant,
    ) -> QueueFuture<'a, Option<QueuedItem>> {
        Box::pin(async move {
            let values = [&*self.queue_prefix(queue), b"values"].concat();
            let mut commands = redis::Pipeline::new();
            commands.cmd("HGET").arg(values).arg(key);
            let read =
                |mut values: Vec<Value>| queues::queued_item(values.pop().unwrap_or(Value::Nil));
            self.run(&commands, until, read).await
        })
    }

    fn claim<'a>(
        &'a self,
        request: &'a ClaimRequest<'a>,
        until: Instant,
    ) -> QueueFuture<'a, Claimed> {
        Box::pin(async move {
            let claim = request.claim;
            let args = [
                request.most.to_string().into(),
                request.most_bytes.to_string().into(),
                millis(request.lease),
                claim.id.into(),
            ];
            let queue = (claim.queue, claim.kind);
            let value = self.on_queue(queue, "claim", args, until).await?;
            let connected = self.connected()?;
            self.said(&connected, queues::claimed(value))
        })
    }

    fn begin<'a>(
        &'a self,
        claim: Claim<'a>,
        first: &'a [Written],
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            for first in first.chunks(MOST_KEYS) {
                let args = [claim.id.into()].into_iter().chain(words(first));
                let begun = self.under_claim(claim, "begin", args.collect(), until);
                begun.await?;
            }
            Ok(())
        })
    }

    fn renew<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        lease: Duration,
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            for keys in keys.chunks(MOST_KEYS) {
                let args = [millis(lease), claim.id.into()];
                let args = args.into_iter().chain(keys.iter().cloned()).collect();
                self.under_claim(claim, "renew", args, until).await?;
            }
            Ok(())
        })
    }

    fn finish<'a>(
        &'a self,
        claim: Claim<'a>,
        finish: Finish<'a>,
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            for written in finish.written.chunks(MOST_KEYS) {
                let keeps = u8::from(finish.keeps_claim).to_string().into();
                let args = [millis(finish.every), claim.id.into(), keeps];
                let args = args.into_iter().chain(words(written)).collect();
                self.under_claim(claim, "finish", args, until).await?;
            }
            Ok(())
        })
    }

    fn retry<'a>(
        &'a self,
        claim: Claim<'a>,
        retry: Retry<'a>,
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        let args = vec![
            claim.id.into(),
            retry.write.key.clone(),
            retry.write.version.to_string().into(),
            millis(retry.pause),
            retry.attempts.to_string().into(),
        ];
        let retried = self.under_claim(claim, "retry", args, until);
        Box::pin(async { retried.await.map(drop) })
    }

    fn hide<'a>(
        &'a self,
        claim: Claim<'a>,
        write: &'a Written,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        let version = write.version.to_string().into();
        let args = vec![claim.id.into(), write.key.clone(), version];
        self.under_claim(claim, "hide", args, until)
    }

    fn bury<'a>(
        &'a self,
        claim: Claim<'a>,
        failed: Failed<'a>,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        let args = vec![
            claim.id.into(),
            failed.write.key.clone(),
            failed.write.version.to_string().into(),
            failed.attempts.to_string().into(),
            failed.reason.into(),
            millis(failed.pause),
        ];
        self.under_claim(claim, "bury", args, until)
    }

    fn state<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        until: Instant,
    ) -> QueueFuture<'a, QueueState> {
        Box::pin(async move {
            let value = self.on_queue(queue, "state", [], until).await?;
            let connected = self.connected()?;
            self.said(&connected, queues::state(value))
        })
    }

    fn hasten<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        part: Part,
        until: Instant,
    ) -> QueueFuture<'a, Option<u64>> {
        Box::pin(async move {
            let most = u64::try_from(Part::MOST).unwrap_or(u64::MAX);
            let args = [part.after, part.upto, most].map(|it| it.to_string().into());
            let value = self.on_queue(queue, "hasten", args, until).await?;
            let connected = self.connected()?;
            self.said(&connected, queues::position(value))
        })
    }

    fn dead<'a>(
        &'a self,
        queue: &'a str,
        after: &'a str,
        most: usize,
        until: Instant,
    ) -> QueueFuture<'a, Vec<DeadItem>> {
        Box::pin(async move {
            let from = match after {
                "" => "-".to_owned(),
                after => format!("({after}"),
            };
            self.dead_range(queue, (&from, "+"), most, until).await
        })
    }

    fn dead_one<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        until: Instant,
    ) -> QueueFuture<'a, Option<DeadItem>> {
        Box::pin(async move {
            if !is_id(id) {
                return Ok(None);
            }
            let found = self.dead_range(queue, (id, id), 1, until).await?;
            Ok(found.into_iter().next())
        })
    }

    fn with_dead(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)> {
        Box::pin(async move {
            let start = self.prefix.bytes.len() + QUEUES.len();
            let mut commands = redis::Pipeline::new();
            commands.add_command(scan(&self.prefix.bytes, position, DEAD));
            let read = |mut values: Vec<Value>| {
                let found = values.pop().unwrap_or(Value::Nil);
                queues::scanned(found, start, DEAD.len())
            };
            self.run(&commands, until, read).await
        })
    }

    fn take_dead<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        id: &'a str,
        revives: bool,
        until: Instant,
    ) -> QueueFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            if !is_id(id) {
                return Ok(None);
            }
            let args = [id.into(), u8::from(revives).to_string().into()];
            let value = self.on_queue(queue, "take_dead", args, until).await?;
            let connected = self.connected()?;
            self.said(&connected, queues::taken(value))
        })
    }
}
