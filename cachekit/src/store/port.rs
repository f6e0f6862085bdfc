//! The port to a store that processes share.
//!
//! For each key, a store keeps a value with the versions that it depends on, a *fencing token* and
//! an exclusive *lease*. The token fences stores: a store must show it, an invalidation removes it,
//! and a successful store replaces it. The lease only says which process should compute.
//!
//! Writes with an order share the *generation* of the token. A store by such a write is accepted
//! while the token has its generation and no write with a greater order has stored.
//!
//! Each tag, each function and the namespace have an opaque *version*. The store makes a version
//! whenever one is missing. An entry is valid while the versions that were read before its
//! computation began are still there. An invalidation only removes versions and entries, so it may
//! be repeated and may run late. A soft invalidation changes the second half of a version, the
//! *soft half*. An entry whose versions differ only there is stale, and stores are fenced as after
//! a hard invalidation.
//!
//! An entry may have replicas. A replica is an entry of its own that depends on one version more.
//! Whatever invalidates the entry removes that version too.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::encoding::envelope::{Token, Version};
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::fencing_token::FencingToken;
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};

/// The origin of a server that does not report its data set. It equals no other origin, and not
/// that of the same server later.
pub(crate) const UNKNOWN_ORIGIN: [u8; 8] = [0; 8];

/// The answer of a store, or the reason why there is none.
pub(crate) type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A store that processes share.
///
/// A store does not retry an operation, and an operation that was given up may still run later.
/// Therefore a value is stored only against a token, and only removals are unconditional. Every
/// operation is one round trip and ends at `until` at the latest.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// Returns `true` if the store can be asked now.
    fn is_up(&self) -> bool;

    /// Returns the origin of the server's data set, or [`UNKNOWN_ORIGIN`] if it is not known.
    fn origin(&self) -> [u8; 8];

    /// Asks the server for its origin again.
    fn ask_origin(&self, until: Instant) -> StoreFuture<'_, [u8; 8]>;

    /// Listens on another connection. Called when messages are due and do not arrive.
    fn resubscribe(&self);

    /// Replaces the connection. Called when the store answered with another entry than it was asked
    /// for: from then on every answer may belong to another question.
    fn discard_connection(&self);

    /// Returns the number of command connections made so far.
    fn connections(&self) -> u64;

    /// Reads the entry of `query` and the versions that it should depend on.
    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found>;

    /// Reads versions alone.
    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>>;

    /// Requests the right to compute and to store.
    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired>;

    /// Reads and acquires in one round trip, for a caller that expects a miss.
    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)>;

    /// Stores a value unless something was invalidated since the grant, and ends the lease.
    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled>;

    /// Keeps the token and the versions that the value will depend on while a computation runs, and
    /// extends the lease if there is one.
    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Ends the lease without a store.
    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Removes entries, their tokens and versions, and notifies every node. May be repeated.
    ///
    /// In soft mode, stale values stay: an entry that has a grace keeps no more life than its
    /// grace, and every token and lease of it becomes invalid. A version changes only in its soft
    /// half.
    ///
    /// The version of an entry's replicas is invalidated together with the entry, in the same mode.
    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Sends `hello` to every node if there is one, then `echo` to `node`, in one step, and only if
    /// the server takes writes. The connection to a server that takes none is dropped: such a
    /// server still passes messages on, while other nodes may be notified by another server.
    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Sends a message to every node, or to one.
    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;
}

/// An event that a store reports at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreEvent {
    /// The store can be asked again, or not any more.
    Up(bool),
    /// The lease of this entry ended. Sent if some process waits for it.
    Wake(StoreKey),
    /// Messages arrive by the subscription with this number. Earlier messages may be lost.
    Subscribed(u64),
    /// The last subscription ended, and the next has not begun.
    Unsubscribed,
    /// A message from a node or from another program.
    Received(BusMessage),
    /// A message that cannot be understood.
    Unknown,
}

/// Returns the replicas' versions that are invalidated together with `names`.
pub(crate) fn copies(names: &[StoreKey]) -> impl Iterator<Item = StoreKey> {
    names.iter().filter_map(StoreKey::replicas_version)
}

/// The receiver of a store's events.
pub(crate) type EventSink = std::sync::Arc<dyn Fn(StoreEvent) + Send + Sync>;

/// The reason why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no connection. Nothing was sent.
    Unavailable,
    /// No answer in time, or the connection broke. The operation may run now, later or never.
    Indeterminate,
    /// The store refused, with this error code. Nothing was done.
    Rejected(String),
}

impl Failure {
    /// Returns `true` if the operation may have run, or may still run.
    pub(crate) fn is_ambiguous(&self) -> bool {
        *self == Self::Indeterminate
    }

    /// Returns `true` if the store can be read but has no room for the value.
    pub(crate) fn takes_nothing(&self) -> bool {
        // Not `NOREPLICAS`: other nodes may write to another server.
        const FULL: [&str; 2] = ["OOM", "MISCONF"];
        matches!(self, Self::Rejected(code) if FULL.contains(&&**code))
    }
}

/// The names of an entry and of the versions that it depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryQuery<'a> {
    pub(crate) entry: &'a StoreKey,
    /// The versions of the namespace and the function, then of the tags known before the value.
    pub(crate) versions: &'a [StoreKey],
    /// Also read the versions of value tags, which only the entry itself names.
    pub(crate) with_value_tags: bool,
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) bytes: Option<Vec<u8>>,
    /// The remaining time for which the bytes are kept, their grace included.
    pub(crate) left: Duration,
    /// The current versions, in the order of the names.
    pub(crate) versions: Vec<Option<Version>>,
    /// The token of the entry with the versions of its value tags, in the entry's order.
    pub(crate) value_tags: Option<(Token, Vec<Option<Version>>)>,
}

/// The lifetimes of the token and the lease, from now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTimes {
    /// At most `room`. Zero lets the lease run out.
    pub(crate) lease: Duration,
    pub(crate) room: Duration,
}

/// The versions and guards that a computation needs at its end, without those that never expire,
/// and the minimum time from now for which they are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NeededVersions<'a> {
    pub(crate) names: &'a [StoreKey],
    pub(crate) life: Duration,
}

/// The arguments of [`Store::acquire`].
#[derive(Debug, Clone)]
pub(crate) struct AcquireRequest {
    /// The future holder of the lease; `None` if the token is enough.
    pub(crate) holder: Option<Token>,
    pub(crate) lease_times: LeaseTimes,
    /// The token of an entry that the caller rejected, though it may look good to the store.
    pub(crate) rejected_token: Option<Token>,
    /// The caller found that the rejected entry is softly invalidated by a version. Its life ends
    /// here.
    pub(crate) ends_rejected: bool,
    /// Grant the right even if the entry is good.
    pub(crate) force: bool,
    pub(crate) token: TokenKind,
    /// Accept versions of another data set too.
    pub(crate) any_origin: bool,
    /// The guards that must not change while value tags are unknown.
    pub(crate) guards: Vec<StoreKey>,
    /// The time for which versions made now are kept if nothing comes to depend on them.
    pub(crate) version_life: Duration,
}

/// The token that a caller requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// The existing token, which computations share.
    Shared,
    /// A new token. A write is about to happen, and whoever has the old token loses it.
    New,
    /// A new token of the existing generation. A write with an order is about to happen, and only
    /// other writes with an order may still store.
    SameGeneration,
}

/// The result of [`Store::acquire`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// A good entry is there: read again.
    Filled,
    /// Another process computes. Its lease ends after this time unless it is renewed.
    Held(Duration),
    /// The caller may compute and store.
    Granted(LeaseGrant),
}

/// The right to store one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseGrant {
    pub(crate) token: Token,
    /// Read before the computation begins, in the order of the names.
    pub(crate) versions: Vec<Version>,
    pub(crate) guards: Vec<Version>,
}

/// A value to store.
#[derive(Debug, Clone)]
pub(crate) struct Fill {
    pub(crate) fencing_token: FencingToken,
    pub(crate) grant: LeaseGrant,
    /// The names of the grant's versions.
    pub(crate) versions: Vec<StoreKey>,
    pub(crate) guards: Vec<StoreKey>,
    /// Tags that were not known when the right was granted. The store adds their versions.
    pub(crate) value_tags: Vec<StoreKey>,
    pub(crate) bytes: Vec<u8>,
    /// The order of a write: within a generation, the greatest order stays.
    pub(crate) order: Option<u64>,
    /// Accept versions of another data set too.
    pub(crate) any_origin: bool,
    /// The time for which the bytes are kept.
    pub(crate) kept: Duration,
    /// The minimum time for which the versions that the entry depends on are kept.
    pub(crate) version_life: Duration,
    /// The message to every node if the value is stored: the previous value and its replicas are no
    /// longer valid.
    pub(crate) message: Option<BusMessage>,
}

impl Fill {
    /// Returns the version of the replicas that a write invalidates, because their values are
    /// older.
    pub(crate) fn copies(&self) -> Option<StoreKey> {
        self.message
            .is_some()
            .then(|| self.fencing_token.entry.replicas_version())
            .flatten()
    }
}

/// The result of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    Stored,
    /// The token is gone: an invalidation, a write or another store came in between.
    Fenced,
    /// A tag, the function or the namespace was invalidated in between.
    Invalidated,
    /// A write with a greater order has stored. Nothing was done.
    Older,
}
