//! The port to the queues of write-behind functions.
//!
//! A queue has writes that were accepted and not yet carried out. Each write has a key and a
//! *version*, a number that only rises. A worker *claims* keys whose time has come, carries out
//! their writes, and *finishes* them. Only one worker has a claim for a key, so the writes of a key
//! are carried out in order. A claim that its worker neither renews nor finishes ends, and another
//! worker claims the key. A write whose last attempt failed is put aside, as a *dead write*.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::deferred_drop::DeferredDrop;
use crate::model::queue_spec::QueueKind;
use crate::store::failure::Failure;

/// The future that an operation on a queue returns.
pub(crate) type QueueFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// The store of the queues: Redis, or the memory of this process.
///
/// Every operation is one round trip, and ends at its argument `until` at the latest. An operation
/// may still run after its caller stopped waiting for it. Each operation but `enqueue` may be
/// repeated.
pub(crate) trait WriteQueue: fmt::Debug + Send + Sync {
    /// Accepts a write, unless the queue is full.
    fn enqueue<'a>(&'a self, write: &'a NewWrite<'a>, until: Instant) -> QueueFuture<'a, Enqueued>;

    /// Returns the queued write of `key`, in a queue in which the newest write of a key wins.
    fn newest<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        until: Instant,
    ) -> QueueFuture<'a, Option<QueuedItem>>;

    /// Claims keys whose time has come. Counts a lost claim for each key whose last worker began to
    /// carry out its first write, and did not end its claim.
    fn claim<'a>(
        &'a self,
        request: &'a ClaimRequest<'a>,
        until: Instant,
    ) -> QueueFuture<'a, Claimed>;

    /// Notes that the worker with `claim` is about to carry out the writes in `first`, each of which
    /// is the first one left of its key. Returns the positions in `first` of the writes whose claims are
    /// over, because another worker may carry them out.
    fn begin<'a>(
        &'a self,
        claim: Claim<'a>,
        first: &'a [Written],
        until: Instant,
    ) -> QueueFuture<'a, Vec<usize>>;

    /// Notes that the worker with `claim` outlived its attempt at the first writes of `keys`, which
    /// it did not carry out and goes on to claim.
    fn outlive<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        until: Instant,
    ) -> QueueFuture<'a, ()>;

    /// Extends `claim` of `keys`, so that it ends after the time `lease` from now.
    fn renew<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        lease: Duration,
        until: Instant,
    ) -> QueueFuture<'a, ()>;

    /// Removes the writes of each key up to the version that was carried out, and forgets the
    /// failed attempts of the key. Ends the claim unless `finish.keeps_claim`. Returns `true` if the
    /// claim continues, and all keys have further writes.
    fn finish<'a>(
        &'a self,
        claim: Claim<'a>,
        finish: Finish<'a>,
        until: Instant,
    ) -> QueueFuture<'a, bool>;

    /// Ends the claim of a key whose write was not carried out. The key is due again after the pause
    /// in `retry`, also if a newer write has replaced the write meanwhile. A failed attempt ends the
    /// count of lost claims.
    fn retry<'a>(
        &'a self,
        claim: Claim<'a>,
        retry: Retry<'a>,
        until: Instant,
    ) -> QueueFuture<'a, ()>;

    /// Hides a write, the newest of its key, from reads: they get the value of the source from now on.
    /// Returns `false`, and hides nothing, if the claim is over or a newer write replaced it.
    fn hide<'a>(
        &'a self,
        claim: Claim<'a>,
        write: &'a Written,
        until: Instant,
    ) -> QueueFuture<'a, bool>;

    /// Puts a write aside, with the reason, and ends the claim of its key. Returns `false`, and puts
    /// nothing aside, if the claim is over or a newer write replaced it. The key is due for that one
    /// after the pause in `failed`.
    fn bury<'a>(
        &'a self,
        claim: Claim<'a>,
        failed: Failed<'a>,
        until: Instant,
    ) -> QueueFuture<'a, bool>;

    /// Returns the state of the queue.
    fn state<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        until: Instant,
    ) -> QueueFuture<'a, QueueState>;

    /// Lets writes up to a version be carried out without a wait for further ones, for a part of the
    /// keys. Makes those due now that no worker has claimed and that do not wait for the repetition
    /// of a failed write. What a worker leaves of the others is due at the end of its claim. Returns
    /// the version after which the next part begins. Returns `None` after the last part.
    fn hasten<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        part: Part,
        until: Instant,
    ) -> QueueFuture<'a, Option<u64>>;

    /// Returns at most `most` dead writes that come after the dead write with the id `after`,
    /// oldest first.
    fn dead<'a>(
        &'a self,
        queue: &'a str,
        after: &'a str,
        most: usize,
        until: Instant,
    ) -> QueueFuture<'a, Vec<DeadItem>>;

    /// Returns the dead write `id`.
    fn dead_one<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        until: Instant,
    ) -> QueueFuture<'a, Option<DeadItem>>;

    /// Returns a part of the names of the queues that have or had dead writes, and the position of
    /// the next part. The first part is at the position 0. With the last part, the returned
    /// position is 0. A name may occur twice.
    fn with_dead(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)>;

    /// Removes the dead write `id`, and queues it again if `revives`. In a queue in which each
    /// write counts, the write gets a new version. In a queue in which the newest write of a key
    /// wins, the write keeps its version. It is dropped if a newer write of its key is queued, and
    /// replaces an older one. The time for which the write waits begins anew in both.
    fn take_dead<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        id: &'a str,
        revives: bool,
        until: Instant,
    ) -> QueueFuture<'a, Taken>;
}

/// The result of [`WriteQueue::take_dead`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The write of this key is no longer dead.
    Key(Vec<u8>),
    /// There is no such write.
    Missing,
    /// The process shuts down, and accepts nothing more into the queues in its memory. The write is
    /// still dead.
    Closed,
}

/// The arguments of a write as a queue keeps them.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// The arguments in their encoded form, for a queue in Redis.
    Encoded(Vec<u8>),
    /// The arguments themselves, for a queue in the memory of this process.
    Shared(DeferredDrop),
}

/// A write that a queue is asked to accept.
#[derive(Debug)]
pub(crate) struct NewWrite<'a> {
    pub(crate) queue: &'a str,
    pub(crate) kind: QueueKind,
    pub(crate) key: &'a [u8],
    pub(crate) payload: Payload,
    /// The time for which a key waits in the queue before its first write is carried out, so that
    /// several writes are carried out together.
    pub(crate) delay: Duration,
    /// The largest number of writes in the queue.
    pub(crate) capacity: u64,
}

/// The result of [`WriteQueue::enqueue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enqueued {
    /// The write was accepted, and has this version.
    Accepted(u64),
    /// The queue is full, and did not accept the write.
    Full {
        /// The version that the write has if its caller carries it out at once.
        version: u64,
        /// `true` if writes of the key are queued, which must be carried out before this write.
        has_older: bool,
    },
    /// The process shuts down, and accepts nothing more into the queues in its memory.
    Closed,
}

/// A queued write.
#[derive(Debug, Clone)]
pub(crate) struct QueuedItem {
    pub(crate) version: u64,
    pub(crate) payload: Payload,
    /// `true` if reads do not get the value of the write: it was put aside and queued again, and a
    /// newer write may have been carried out meanwhile, or it is about to be put aside.
    pub(crate) is_replayed: bool,
}

/// A claim of a worker, and the queue that the worker works on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) queue: &'a str,
    pub(crate) kind: QueueKind,
    /// The id of the claim, unique among all claims of all workers of all processes.
    pub(crate) id: &'a str,
}

/// The request of a worker for keys to work on.
#[derive(Debug)]
pub(crate) struct ClaimRequest<'a> {
    pub(crate) claim: Claim<'a>,
    /// The largest number of writes to claim.
    pub(crate) most: usize,
    /// The size in bytes at which no further write is claimed.
    pub(crate) most_bytes: usize,
    /// The time after which another worker may claim the keys.
    pub(crate) lease: Duration,
}

/// Writes that were carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish<'a> {
    /// For each key, the last write that was carried out.
    pub(crate) written: &'a [Written],
    /// The time for which a write waits from its acceptance on, so that several writes are carried
    /// out together.
    pub(crate) every: Duration,
    /// `true` if the worker goes on with further writes of the keys.
    pub(crate) keeps_claim: bool,
}

/// A write that was not carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry<'a> {
    pub(crate) write: &'a Written,
    pub(crate) pause: Duration,
    /// The number that is added to the attempts of the key. Zero if the write was not tried.
    pub(crate) attempts: i64,
}

/// A write that is put aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed<'a> {
    pub(crate) write: &'a Written,
    /// The number of attempts to carry the write out.
    pub(crate) attempts: u32,
    pub(crate) reason: &'a str,
    /// The time until the key is due if a newer write replaced this one.
    pub(crate) pause: Duration,
}

/// A part of the keys of a queue: the next thousand, in the order of their first writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// The version after which the part begins.
    pub(crate) after: u64,
    /// The version up to which writes are meant.
    pub(crate) upto: u64,
}

impl Part {
    /// The largest number of keys in one part.
    pub(crate) const MOST: usize = 1_000;
}

/// The keys that a worker claimed, and the state of the queue.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    pub(crate) keys: Vec<ClaimedKey>,
    /// The time until a key without a claim is due, or a claim ends, whichever comes first. `None`
    /// if the queue is empty.
    pub(crate) next_due: Option<Duration>,
    pub(crate) state: QueueState,
}

/// A key that a worker claimed, with its writes in the order of their versions.
#[derive(Debug)]
pub(crate) struct ClaimedKey {
    pub(crate) key: Vec<u8>,
    /// The sum of the numbers that the ends of failed attempts at the first write added.
    pub(crate) attempts: u32,
    /// The number of workers that began to carry out the first write, and did not end their claims.
    pub(crate) lost: u32,
    pub(crate) items: Vec<QueuedItem>,
}

/// A key with the version of one of its writes: the last one that was carried out, or the first one
/// that is about to be.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) key: Vec<u8>,
    pub(crate) version: u64,
}

/// The state of one queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct QueueState {
    /// The number of writes in the queue.
    pub(crate) writes: u64,
    /// The number of dead writes.
    pub(crate) dead: u64,
    /// The time of the store's clock, in microseconds since the Unix epoch. Versions are such times.
    pub(crate) now: u64,
    /// The version that the queue gave last, even to a write that it did not accept. If the queue
    /// gave none, this is `now` in Redis, and the time of the queue's creation in memory.
    pub(crate) last: u64,
    /// The version of the oldest write that was neither carried out nor put aside, also if a newer one
    /// of its key replaced it. Where the newest wins, this may be less than that version, but is greater
    /// than that of the last write of the key that was carried out. Of a replayed write, this is the
    /// version that a new write would have had. `None` if the queue is empty.
    pub(crate) oldest: Option<u64>,
}

impl QueueState {
    /// Returns the time for which the oldest write has waited. Zero if the queue is empty.
    pub(crate) fn lag(&self) -> Duration {
        let oldest = self.oldest.unwrap_or(self.now);
        Duration::from_micros(self.now.saturating_sub(oldest))
    }
}

/// A write that was put aside.
#[derive(Debug, Clone)]
pub(crate) struct DeadItem {
    pub(crate) id: String,
    pub(crate) key: Vec<u8>,
    pub(crate) version: u64,
    pub(crate) attempts: u32,
    pub(crate) reason: String,
    pub(crate) payload: Payload,
}
