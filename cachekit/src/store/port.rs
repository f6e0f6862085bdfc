//! The port to a store that processes share: what the cache needs, in its own words.
//!
//! A store keeps, for every key, a value with the versions that it hangs on, a *generation
//! token* and an exclusive *lease*. The token does the fencing: a store must show it, an
//! invalidation removes it, a store replaces it. The lease only says who should compute.
//! Writes that have an order are told apart by it: they hand the generation of the token on,
//! and one is accepted while the generation is its own and nothing newer is there.
//! A tag, a function and the namespace have an opaque *version* each, made by the store
//! itself whenever one is missing; an entry is valid while the versions that were read
//! before its computation began are still there. Removing them is all that an
//! invalidation does, so it may be repeated and may run late. A soft invalidation changes the
//! second half of a version, the *soft half*: an entry of which only those differ is old, and
//! fenced as one that is not valid.
//!
//! An entry may have copies. They are entries of their own that hang on one version more, which
//! goes with the entry: whatever takes the entry out of use takes it too.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::encoding::envelope::{Token, Version};
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};

/// The origin of a server that does not tell. It is not that of any other, nor of itself later.
pub(crate) const UNKNOWN_ORIGIN: [u8; 8] = [0; 8];

/// What a store answers, in time or not.
pub(crate) type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A store that processes share.
///
/// No operation is repeated by the store itself: what was given up on may still run later.
/// So a value is only ever stored against a token, and only removals are unconditional.
/// Every operation is one round trip, and ends at `until` at the latest.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// Whether it can be asked now.
    fn is_up(&self) -> bool;

    /// Which data set its server holds, as far as is known: else [`UNKNOWN_ORIGIN`].
    fn origin(&self) -> [u8; 8];

    /// Asks for it again.
    fn ask_origin(&self, until: Instant) -> StoreFuture<'_, [u8; 8]>;

    /// Messages should come and do not: listen by another connection.
    fn resubscribe(&self);

    /// It answered with another entry than it was asked for: it may answer everything with
    /// the answer of something else, so ask by another connection.
    fn discard_connection(&self);

    /// How many connections for questions were made.
    fn connections(&self) -> u64;

    /// The entry at `query` and the versions that it should hang on.
    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found>;

    /// Versions alone.
    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>>;

    /// The right to compute and to store.
    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired>;

    /// Both in one round trip, for who expects a miss.
    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)>;

    /// Stores, if nothing happened since the right to was given; gives up the lease.
    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled>;

    /// Goes on computing: keeps the token and what the value will hang on, and, with a lease, keeps
    /// others waiting.
    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Gives up the lease without a store.
    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Takes entries with their tokens, and versions, out of use, and tells every node. May be
    /// repeated.
    ///
    /// Softly, it leaves old values: an entry that has a grace has no more life than that, and
    /// nobody's token or lease is good any more; of a version only the soft half changes.
    ///
    /// With an entry the version of its copies goes, in the same manner.
    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Sends `echo` to `node`, after `hello`, if there is one, to every node: in one step, and
    /// only if the server takes writes. One that takes none is left: it goes on passing
    /// messages on, and others may be told by another server.
    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;

    /// Tells every node, or one, something.
    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()>;
}

/// What a store tells by itself, at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreEvent {
    /// It can be asked again, or cannot any more.
    Up(bool),
    /// The lease of this entry came to an end, for those who wait for it.
    Wake(StoreKey),
    /// Messages come, by the subscription of this number; those from before may be lost.
    Subscribed(u64),
    /// No more come by the last one, and the next has not begun.
    Unsubscribed,
    /// A node, or another program, says something.
    Received(BusMessage),
    /// Somebody said something that cannot be understood.
    Unknown,
}

/// The versions of copies that go with what `names` names.
pub(crate) fn copies(names: &[StoreKey]) -> impl Iterator<Item = StoreKey> {
    names.iter().filter_map(StoreKey::replicas_version)
}

/// Where messages go.
pub(crate) type EventSink = std::sync::Arc<dyn Fn(StoreEvent) + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no connection. Nothing was sent.
    Unavailable,
    /// No answer in time, or the connection broke: it may run, now or later, or never.
    Indeterminate,
    /// The store said no: nothing was done.
    Rejected(String),
}

impl Failure {
    /// Whether what was asked may have been done, or may be done yet.
    pub(crate) fn is_ambiguous(&self) -> bool {
        *self == Self::Indeterminate
    }

    /// Whether the store can be read, and has no room for what was to be put there.
    pub(crate) fn takes_nothing(&self) -> bool {
        // Not one that is cut off from its replicas: others may write elsewhere.
        const FULL: [&str; 2] = ["OOM", "MISCONF"];
        matches!(self, Self::Rejected(code) if FULL.contains(&&**code))
    }
}

/// One entry and what it hangs on, by names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryQuery<'a> {
    pub(crate) entry: &'a StoreKey,
    /// Of the namespace and of the function, then of the tags that are known.
    pub(crate) versions: &'a [StoreKey],
    /// Also ask for the versions of tags that only the entry itself names.
    pub(crate) with_value_tags: bool,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) bytes: Option<Vec<u8>>,
    /// How much longer the bytes are kept, their grace included.
    pub(crate) left: Duration,
    /// As they are now, in the order of the names.
    pub(crate) versions: Vec<Option<Version>>,
    /// Those of the tags that the entry of this fill names beyond them, in its order.
    pub(crate) value_tags: Option<(Token, Vec<Option<Version>>)>,
}

/// How long the token and the lease live, from now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTimes {
    /// At most as long as `room`; zero: let the lease run out.
    pub(crate) lease: Duration,
    pub(crate) room: Duration,
}

/// The versions and guards that a computation needs at its end, of those that run out, and for how
/// long from now they are kept at least.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NeededVersions<'a> {
    pub(crate) names: &'a [StoreKey],
    pub(crate) life: Duration,
}

/// What is asked of [`Store::acquire`].
#[derive(Debug, Clone)]
pub(crate) struct AcquireRequest {
    /// The holder of the lease to be; `None`: the token is enough.
    pub(crate) holder: Option<Token>,
    pub(crate) lease_times: LeaseTimes,
    /// An entry that is of no use to the asker, though it may look good to the store.
    pub(crate) rejected_token: Option<Token>,
    /// Softly invalidated by a version, as the asker found: its life ends here.
    pub(crate) ends_rejected: bool,
    /// Ask even where the entry is good.
    pub(crate) force: bool,
    pub(crate) token: TokenKind,
    /// Versions of another data set count too.
    pub(crate) any_origin: bool,
    /// What must not move while tags are still unknown.
    pub(crate) guards: Vec<StoreKey>,
    /// How long versions made now are kept if nothing hangs on them.
    pub(crate) version_life: Duration,
}

/// Which token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// The one that is there: computations share it.
    Shared,
    /// A new one. A write is about to happen: whoever has the token loses it.
    New,
    /// A new one of the generation that is there. A write with an order is about to happen:
    /// only others with an order may still store.
    SameGeneration,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// A good entry is there: read again.
    Filled,
    /// Another computes, and its lease lives so much longer.
    Held(Duration),
    /// The asker may compute and store.
    Granted(LeaseGrant),
}

/// Whose computation it is.
#[derive(Debug, Clone)]
pub(crate) struct FencingToken {
    pub(crate) entry: StoreKey,
    pub(crate) token: Token,
    /// With a lease: its holder.
    pub(crate) holder: Option<Token>,
}

/// The right to store one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseGrant {
    pub(crate) token: Token,
    /// Read before the computation begins, in the order of the names.
    pub(crate) versions: Vec<Version>,
    pub(crate) guards: Vec<Version>,
}

/// A value to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Fill {
    pub(crate) fencing_token: FencingToken,
    pub(crate) grant: LeaseGrant,
    /// The names of the grant's versions and guards.
    pub(crate) versions: Vec<StoreKey>,
    pub(crate) guards: Vec<StoreKey>,
    /// Tags that were not known when the right was given. Their versions are added.
    pub(crate) value_tags: Vec<StoreKey>,
    pub(crate) bytes: Vec<u8>,
    /// Of a write: that of the same generation with the greatest order stays.
    pub(crate) order: Option<u64>,
    /// Versions of another data set count too.
    pub(crate) any_origin: bool,
    /// How long the bytes are kept.
    pub(crate) kept: Duration,
    /// How long versions that the entry hangs on are kept at least.
    pub(crate) version_life: Duration,
    /// What every node is told if it is stored: that what was there is not valid any more. Nor
    /// are copies of it.
    pub(crate) message: Option<BusMessage>,
}

impl Fill {
    /// The version of copies that a write takes out of use: what they have is older.
    pub(crate) fn copies(&self) -> Option<StoreKey> {
        self.message
            .is_some()
            .then(|| self.fencing_token.entry.replicas_version())
            .flatten()
    }
}

/// What came of storing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    Stored,
    /// The token is gone: an invalidation, a write, or another's store came in between.
    Fenced,
    /// A tag, the function or the namespace was invalidated in between.
    Invalidated,
    /// A write with a greater order has stored: nothing was done.
    Older,
}
