//! The queues of write-behind functions in Redis.
//!
//! The keys of a queue begin with `NAMESPACE:wb:{FUNCTION}:`. The braces put all keys of a queue
//! into one slot of a Redis Cluster.

use std::time::Duration;

use redis::{Value, cmd};
use tokio::time::Instant;

use crate::model::queue_spec::QueueKind;
use crate::store::failure::Failure;
use crate::store::redis::millis;
use crate::store::redis::queue_keys::QUEUES;
use crate::store::redis::queue_server::{QueueServer, QueueStep};
use crate::store::redis::reply::{Said, queues};
use crate::store::redis::script::{Call, Script};
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, DeadItem, Enqueued, Failed, Finish, NewWrite, Part, Payload,
    QueueFuture, QueueState, QueuedItem, Retry, Taken, WriteQueue, Written,
};

/// Returns `true` if `text` has the form of the id of a dead write, such as `1792216745123-0`. Redis
/// refuses other texts with an error.
fn is_id(text: &str) -> bool {
    let numbers = text.split_once('-');
    numbers.is_some_and(|(time, number)| [time, number].iter().all(|it| it.parse::<u64>().is_ok()))
}

/// Returns the beginning of the keys of the queue `name`, whose keys all begin with `prefix`.
fn queue_prefix(prefix: &[u8], name: &str) -> Vec<u8> {
    [prefix, QUEUES, name.as_bytes(), b"}:"].concat()
}

fn enqueuing(prefix: &[u8], write: &NewWrite<'_>) -> Result<Call, Failure> {
    let Payload::Encoded(payload) = &write.payload else {
        return Err(Failure::Rejected("NOTENCODED".to_owned()));
    };
    let key = |part: &[u8]| [prefix, part].concat();
    let is_newest = write.kind == QueueKind::Newest;
    let first: &[u8] = if is_newest { b"values" } else { b"count" };
    let mut keys = vec![key(first), key(b"due"), key(b"since"), key(b"version")];
    if is_newest {
        keys.extend([key(b"attempts"), key(b"lost")]);
    } else {
        keys.push([prefix, b"items:", write.key].concat());
    }
    let args = [
        write.kind.as_str().into(),
        write.key.into(),
        payload.clone(),
        millis(write.delay),
        write.capacity.to_string().into(),
    ];
    Ok(Call::new(keys, args))
}

/// Runs the operation `op` of the queue script on the queue `name`, and parses its answer with
/// `read`.
async fn on_queue<S: QueueServer, T: Send>(
    server: &S,
    (name, kind): (&str, QueueKind),
    (op, args): (&str, Vec<Vec<u8>>),
    until: Instant,
    read: impl FnOnce(Value) -> Said<T> + Send,
) -> Result<T, Failure> {
    let words = [op.into(), kind.as_str().into()];
    let queue = queue_prefix(server.prefix(), name);
    let call = Call::new([queue.clone()], words.into_iter().chain(args));
    let step = QueueStep::Script(Script::WriteQueue, call);
    server.run(&queue, step, until, read).await
}

/// Runs an operation under `claim`. The script answers 1 or 0.
fn under_claim<'a, S: QueueServer>(
    server: &'a S,
    claim: Claim<'a>,
    op: &'static str,
    args: Vec<Vec<u8>>,
    until: Instant,
) -> QueueFuture<'a, bool> {
    Box::pin(async move {
        let queue = (claim.queue, claim.kind);
        let read = |value: Value| queues::is_done(&value);
        on_queue(server, queue, (op, args), until, read).await
    })
}

/// Returns at most `most` dead writes of the queue `name` from one id to another.
async fn dead_range<S: QueueServer>(
    server: &S,
    name: &str,
    (from, to): (&str, &str),
    most: usize,
    until: Instant,
) -> Result<Vec<DeadItem>, Failure> {
    let queue = queue_prefix(server.prefix(), name);
    let mut range = cmd("XRANGE");
    range.arg([&*queue, b"dead"].concat()).arg(from).arg(to);
    range.arg("COUNT").arg(most);
    let step = QueueStep::Command(range);
    server.run(&queue, step, until, queues::dead).await
}

/// The largest number of keys in one run of a script, whose arguments are limited by the stack of
/// Lua.
const MOST_KEYS: usize = 1_000;

/// Returns the keys of `writes`, each with its version.
fn words(writes: &[Written]) -> impl Iterator<Item = Vec<u8>> {
    let pairs = writes.iter();
    pairs.flat_map(|it| [it.key.clone(), it.version.to_string().into()])
}

impl<S: QueueServer> WriteQueue for S {
    fn enqueue<'a>(&'a self, write: &'a NewWrite<'a>, until: Instant) -> QueueFuture<'a, Enqueued> {
        Box::pin(async move {
            let queue = queue_prefix(self.prefix(), write.queue);
            let step = QueueStep::Script(Script::Enqueue, enqueuing(&queue, write)?);
            self.run(&queue, step, until, queues::enqueued).await
        })
    }

    fn newest<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        until: Instant,
    ) -> QueueFuture<'a, Option<QueuedItem>> {
        Box::pin(async move {
            let queue = queue_prefix(self.prefix(), queue);
            let mut get = cmd("HGET");
            get.arg([&*queue, b"values"].concat()).arg(key);
            let step = QueueStep::Command(get);
            self.run(&queue, step, until, queues::queued_item).await
        })
    }

    fn claim<'a>(
        &'a self,
        request: &'a ClaimRequest<'a>,
        until: Instant,
    ) -> QueueFuture<'a, Claimed> {
        Box::pin(async move {
            let claim = request.claim;
            let args = vec![
                request.most.to_string().into(),
                request.most_bytes.to_string().into(),
                millis(request.lease),
                claim.id.into(),
            ];
            let queue = (claim.queue, claim.kind);
            on_queue(self, queue, ("claim", args), until, queues::claimed).await
        })
    }

    fn begin<'a>(
        &'a self,
        claim: Claim<'a>,
        first: &'a [Written],
        until: Instant,
    ) -> QueueFuture<'a, Vec<usize>> {
        Box::pin(async move {
            let (queue, mut over) = ((claim.queue, claim.kind), Vec::new());
            for (number, first) in first.chunks(MOST_KEYS).enumerate() {
                let args = [claim.id.into()].into_iter().chain(words(first));
                let step = ("begin", args.collect());
                let of_part = on_queue(self, queue, step, until, queues::positions).await?;
                over.extend(of_part.into_iter().map(|at| number * MOST_KEYS + at));
            }
            Ok(over)
        })
    }

    fn outlive<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            for keys in keys.chunks(MOST_KEYS) {
                let args = [claim.id.into()].into_iter().chain(keys.iter().cloned());
                under_claim(self, claim, "outlive", args.collect(), until).await?;
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
                under_claim(self, claim, "renew", args, until).await?;
            }
            Ok(())
        })
    }

    fn finish<'a>(
        &'a self,
        claim: Claim<'a>,
        finish: Finish<'a>,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        Box::pin(async move {
            let mut continues = finish.keeps_claim;
            for written in finish.written.chunks(MOST_KEYS) {
                let keeps = u8::from(finish.keeps_claim).to_string().into();
                let args = [millis(finish.every), claim.id.into(), keeps];
                let args = args.into_iter().chain(words(written)).collect();
                continues &= under_claim(self, claim, "finish", args, until).await?;
            }
            Ok(continues)
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
        let retried = under_claim(self, claim, "retry", args, until);
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
        under_claim(self, claim, "hide", args, until)
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
        under_claim(self, claim, "bury", args, until)
    }

    fn state<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        until: Instant,
    ) -> QueueFuture<'a, QueueState> {
        Box::pin(on_queue(
            self,
            queue,
            ("state", vec![]),
            until,
            queues::state,
        ))
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
            let asked = on_queue(
                self,
                queue,
                ("hasten", args.into()),
                until,
                queues::position,
            );
            asked.await
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
            dead_range(self, queue, (&from, "+"), most, until).await
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
            let found = dead_range(self, queue, (id, id), 1, until).await?;
            Ok(found.into_iter().next())
        })
    }

    fn with_dead(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)> {
        self.search(position, until)
    }

    fn take_dead<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        id: &'a str,
        revives: bool,
        until: Instant,
    ) -> QueueFuture<'a, Taken> {
        Box::pin(async move {
            if !is_id(id) {
                return Ok(Taken::Missing);
            }
            let args = vec![id.into(), u8::from(revives).to_string().into()];
            on_queue(self, queue, ("take_dead", args), until, queues::taken).await
        })
    }
}
