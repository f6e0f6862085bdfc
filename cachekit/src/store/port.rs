//! The port to a store that processes share.
//!
//! For each key, a store keeps a value with the versions that the value depends on, a *fencing
//! token* and an exclusive *lease*. A process must show the token to store a value. An invalidation
//! removes the token, and a successful store replaces it, so a late store is rejected. The lease
//! only says which process should compute.
//!
//! Writes with an order share the *generation* of the token. The value of such a write is accepted
//! while the token has the write's generation and no write with a greater order has stored.
//!
//! A process marks each annotated write before the write begins. The invalidation that ends the
//! write removes the mark. Other processes carry out the marks that a dead process left behind
//! (`store/write_mark.rs`).
//!
//! An entry may have replicas. A replica is an entry of its own that depends on one more version,
//! the replicas' version. Every invalidation of the entry removes the replicas' version too.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::encoding::envelope::{Token, Version};
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::server_info::ServerInfo;
use crate::store::examination::{Examination, Unexamined};
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::lease_grant::LeaseGrant;
use crate::store::message::{BusMessage, NodeId};
use crate::store::write_mark::{DueMark, WriteMark};
use crate::store::write_queue::{QueuedItem, WriteQueue};

/// The origin of a Redis server that does not report its data set. No reported origin equals this
/// value. Two servers with this origin may have different data sets.
pub(crate) const UNKNOWN_ORIGIN: [u8; 8] = [0; 8];

/// The future that an operation of a store returns. Its output is a result or a failure.
pub(crate) type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// The future that the examination of a store returns.
pub(crate) type ExaminationFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Examination, Unexamined>> + Send + 'a>>;

/// A store that processes share: Redis, or a test's replacement in memory.
///
/// A store does not retry an operation. An operation can still run after its caller stopped waiting
/// for the answer. A late store of an old value must do no harm, so a value is stored only if the
/// fencing token in the store is unchanged. Only removals are unconditional. Every operation is one
/// round trip and ends at its argument `until` at the latest.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// Returns `true` if the store has a usable connection, so that operations can be sent now.
    fn is_up(&self) -> bool;

    /// Returns `true` if the names decide which data set an entry and its versions must be of. If all
    /// names are in one data set, the names of a [`MadeBy`] are not used.
    fn has_data_sets(&self) -> bool {
        false
    }

    /// Returns `true` if an entry and its versions were made in the data sets that have their names
    /// now, as far as this process knows. Sends nothing.
    fn is_of_data_set(&self, made: MadeBy<'_>) -> bool;

    /// Asks the server again for the origin of its data set, or each server that has a name of
    /// `made`, and returns what [`is_of_data_set`](Self::is_of_data_set) returns then.
    fn ask_origin<'a>(&'a self, made: MadeBy<'a>, until: Instant) -> StoreFuture<'a, bool>;

    /// Asks the server for information about itself.
    fn server_info(&self, until: Instant) -> StoreFuture<'_, ServerInfo>;

    /// Examines the server, the cache's account and the bus, over connections of the examination's
    /// own. Returns the problem and the remedy if the server cannot be examined.
    fn examine(&self) -> ExaminationFuture<'_>;

    /// Replaces the connection that receives bus messages by a new subscription. A node calls this
    /// method when a heartbeat that it sent to itself is overdue.
    fn resubscribe(&self);

    /// Replaces the connection for commands to the server that has `entry`. A node calls this method
    /// when the store answered with the entry of another key, because every later answer on that
    /// connection may belong to another command too.
    fn discard_connection(&self, entry: &StoreKey);

    /// Returns `true` if all names are at one server, so that an operation on several names fails for
    /// all of them or for none.
    fn is_one_server(&self) -> bool {
        true
    }

    /// Returns `false` if there is no connection to that one of several servers which has `name`.
    fn reaches(&self, _name: &StoreKey) -> bool {
        true
    }

    /// Forgets the versions of `names`, which another process has invalidated. A node calls this
    /// method before it applies the message to its memory.
    fn forget(&self, _names: &[StoreKey]) {}

    /// Forgets all versions, because messages of other processes may have been missed.
    fn forget_all(&self) {}

    /// Returns the number of connections for commands so far, the present connection included.
    fn connections(&self) -> u64;

    /// Returns the address, without a login, of the server to which commands go now, if there is one.
    fn server(&self) -> Option<String>;

    /// Begins the tasks that keep the connections, on the home runtime, which has changed. Ends the
    /// present connections, whose tasks may no longer run: messages are lost until the next
    /// subscription.
    fn begin_tasks(&self);

    /// Reads the entry of `query`, and the current versions of the names that `query` lists.
    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found>;

    /// Reads the current version of each of `names` from the store, and no entry. A version is
    /// `None` if the store has none under that name.
    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>>;

    /// Returns the current versions of `names`, and makes the versions that are missing, which the
    /// store then keeps for `life`.
    fn ensure_versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        life: Duration,
        any_origin: bool,
        until: Instant,
    ) -> StoreFuture<'a, Vec<Version>>;

    /// Requests the right to compute the entry of `query` and to store the value. The answer grants
    /// the right, or says that another process already computes the entry, or that the store has a
    /// valid entry.
    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired>;

    /// Reads the entry of `query` as [`read`](Self::read) does, and requests the right to compute
    /// as [`acquire`](Self::acquire) does, in one round trip. A caller that expects a miss calls
    /// this method.
    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)>;

    /// Stores the value of `fill`. Rejects the value if its fencing token was invalidated, or a
    /// version changed, after the right to compute was granted. Ends the lease if `fill` has a
    /// lease.
    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled>;

    /// Extends the lifetime of the computation's fencing token, and of the versions that its value
    /// will depend on, so that they do not expire while the computation runs. Extends the lease if
    /// `fencing_token` has a holder.
    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Ends the lease of `fencing_token` without storing a value, and wakes the processes that wait
    /// for the lease.
    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Removes the entries and versions under `names`, with the fencing tokens of the entries, and
    /// sends `message` to every node. An invalidation may be repeated.
    ///
    /// In soft mode, the store keeps values as stale values. An entry with a grace is kept for its
    /// grace at most, and its token and its lease become invalid. An entry without a grace is
    /// removed. A version changes only in its soft half.
    ///
    /// The replicas' version of each entry is invalidated together with the entry, in the same
    /// mode.
    ///
    /// The marks `ended` are removed after the names, never before them.
    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        ended: &'a [WriteMark],
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Marks a write as open for `life` from now on, or extends its mark.
    fn mark<'a>(
        &'a self,
        mark: &'a WriteMark,
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Removes the marks `ended` of writes after which nothing is left to invalidate.
    fn unmark<'a>(&'a self, ended: &'a [WriteMark], until: Instant) -> StoreFuture<'a, ()>;

    /// Hands out at most `most` marks whose round is due: marks whose life is over, and marks of
    /// nodes that do not listen any more. Moves each of them on to its next round, so that no other
    /// node gets the mark before that round is due.
    fn sweep(&self, most: usize, until: Instant) -> StoreFuture<'_, Vec<DueMark>>;

    /// Stores `bytes` under `name` for `life`, and replaces bytes that the store already has under
    /// `name`. `name` must be the name of neither an entry nor a version, because nothing may
    /// depend on `bytes`.
    fn remember<'a>(
        &'a self,
        name: &'a StoreKey,
        bytes: &'a [u8],
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Sends `hello` to every node if `hello` is `Some`, and then `echo` to `node`, in one atomic
    /// step. A server that takes no writes must send neither message, because invalidations may go
    /// to another server by then. The connection to a server that takes no writes is dropped.
    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Sends `question` to every node that answers questions, this node included, and returns the
    /// number of these nodes.
    #[cfg(feature = "json")]
    fn ask<'a>(&'a self, question: &'a BusMessage, until: Instant) -> StoreFuture<'a, usize>;

    /// Returns the queues of write-behind functions in the store.
    fn write_queue(&self) -> &dyn WriteQueue;

    /// Returns the write that is queued for `key` in `queue`, for a read.
    fn newest_queued<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        until: Instant,
    ) -> StoreFuture<'a, Option<QueuedItem>> {
        self.write_queue().newest(queue, key, until)
    }

    /// Sends `message` to the node `whom`, or to every node if `whom` is `None`.
    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;
}

/// Returns the names of the replicas' versions that an invalidation of `names` also removes: one
/// version for each entry among `names`.
pub(crate) fn copies(names: &[StoreKey]) -> impl Iterator<Item = StoreKey> {
    names.iter().filter_map(StoreKey::replicas_version)
}

/// The names in the store of an entry and of the versions that the entry depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryQuery<'a> {
    pub(crate) entry: &'a StoreKey,
    /// The names of the versions that the entry depends on, as far as they are known before the
    /// value: the namespace's, the function's, the replicas' and the tags', in this order.
    pub(crate) versions: &'a [StoreKey],
    /// `true` if the store must also read the versions of the entry's value tags. Only the entry
    /// itself contains the names of its value tags.
    pub(crate) with_value_tags: bool,
    /// Names of versions that are read together with the entry although the entry does not list
    /// them: the version of its key, for entries that are computed from this entry.
    pub(crate) beside: &'a [StoreKey],
    /// `true` if the entry's function is encrypted, so that an entry that is not encrypted is
    /// rejected.
    pub(crate) is_encrypted: bool,
}

/// The origins of an entry and of its versions: the data sets in which they were made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MadeBy<'a> {
    pub(crate) entry: &'a StoreKey,
    pub(crate) origin: [u8; 8],
    /// The names of `versions`: those that the reader knew before the entry, and the others.
    pub(crate) names: [&'a [StoreKey]; 2],
    pub(crate) versions: &'a [Version],
}

impl<'a> MadeBy<'a> {
    /// Returns the name of the entry and of each version, with the origin.
    pub(crate) fn origins(self) -> impl Iterator<Item = (&'a StoreKey, [u8; 8])> {
        let names = self.names.into_iter().flatten();
        let versions = self.versions.iter().map(|version| version.origin());
        std::iter::once((self.entry, self.origin)).chain(names.zip(versions))
    }
}

/// The result of [`Store::read`]: the bytes of the entry, their remaining life, and current
/// versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) bytes: Option<Vec<u8>>,
    /// The remaining time for which the store keeps the entry `bytes`, its grace included. Zero if
    /// no entry was found, or the expiry of the entry is unknown.
    pub(crate) left: Duration,
    /// The current versions of the names in [`EntryQuery::versions`], in the same order. `None` for
    /// a missing version.
    pub(crate) versions: Vec<Option<Version>>,
    /// The fencing token of the entry, and the current versions of the entry's value tags, in the
    /// order in which the entry lists the tags. `None` if value tags were not requested or could
    /// not be read.
    pub(crate) value_tags: Option<(Token, Vec<Option<Version>>)>,
    /// The current versions of the names in [`EntryQuery::beside`], in the same order, read in one
    /// step with `bytes`. An item is `None` if the version is missing.
    pub(crate) beside: Vec<Option<Version>>,
}

/// The lifetimes of an entry's token and lease, from the moment at which the store receives the
/// request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTimes {
    /// The lifetime of the lease. At most `room`, the lifetime of the token. If this value is zero,
    /// a renewal does not extend the lease.
    pub(crate) lease: Duration,
    pub(crate) room: Duration,
}

/// The names of the versions and guards (versions of all tags with one prefix) that must still be
/// in the store when a computation ends, and the minimum time for which the store keeps them from
/// now on. Versions that never expire are not listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NeededVersions<'a> {
    pub(crate) names: &'a [StoreKey],
    pub(crate) life: Duration,
}

/// The arguments of [`Store::acquire`]: the lease and the token that a caller requests, and the
/// conditions.
#[derive(Debug, Clone)]
pub(crate) struct AcquireRequest {
    /// The token that identifies the process that requests the lease. `None` if the caller requests
    /// only a fencing token, and no lease.
    pub(crate) holder: Option<Token>,
    pub(crate) lease_times: LeaseTimes,
    /// The fencing token of an entry that the caller read and rejected. The store does not answer
    /// [`Acquired::Filled`] because of that entry, even if its versions are current.
    pub(crate) rejected_token: Option<Token>,
    /// `true` if one of the versions of the rejected entry was softly invalidated. The store then
    /// ends the time for which the rejected entry is fresh, so that the entry is stale for every
    /// reader.
    pub(crate) ends_rejected: bool,
    /// `true` if the store must grant the right to compute even if the store has a valid entry.
    pub(crate) force: bool,
    pub(crate) token: TokenKind,
    /// `true` if the store also accepts versions that were made in another data set of the server
    /// (`any_origin`).
    pub(crate) any_origin: bool,
    /// The guards (versions of all tags with one prefix) for the prefixes of the function's value
    /// tags, because the value tags are unknown before the value. The store rejects the value if
    /// one of these guards changes before the value is stored.
    pub(crate) guards: Vec<StoreKey>,
    /// The time for which the store keeps a version that it makes for this request. A stored entry
    /// that depends on the version extends that time, if a quarter of it is over.
    pub(crate) version_life: Duration,
}

/// The kind of token that a caller requests from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// The fencing token that the entry already has. Several computations share the token, and the
    /// store accepts only the first value. The store makes a token if the entry has none.
    Shared,
    /// A new fencing token, for a write that is about to happen. The store rejects values of
    /// computations and writes that have the old token.
    New,
    /// A new fencing token with the existing generation, for a write with an order that is about to
    /// happen. Running writes with an order may still store their values. Other running
    /// computations and writes may not.
    SameGeneration,
}

/// The result of [`Store::acquire`], the request for the right to compute and store an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// The store has a valid entry, which the caller must read. The caller gets no right to
    /// compute.
    Filled,
    /// Another process holds the lease and computes the entry. The lease ends after this time
    /// unless its holder renews the lease.
    Held(Duration),
    /// The caller may compute the value, and may store the value with the right in this grant.
    Granted(LeaseGrant),
}
