//! Guards that a test may break on purpose.
//!
//! A test of a concurrency claim proves something only if it fails without the guard that it tests.
//! Therefore, a cache can be built with one guard removed in a build with `--cfg cachekit_faults`,
//! which the workspace sets (`.cargo/config.toml`). In a build without that flag, as in every
//! user's build, a `guard!` expands to its condition alone, and a cache has no set of removed
//! guards.
//!
//! The configuration of a cache has the set of its removed guards. Every part of the cache that has
//! guards keeps a copy of the set in a field `faults`. A guard names the owner of such a field:
//! `guard!(self.core, JoinThePast: ..)`.

/// A guard that a test can remove from a cache. The text of each variant says what the cache does
/// wrong without the guard.
#[cfg(cachekit_faults)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A hit in memory does not compare the epochs of its entry, so it may return an invalidated
    /// entry.
    IgnoreEpochs,
    /// A computation reads the epochs of its entry when it ends instead of when it begins, so an
    /// invalidation during the computation is missed.
    EpochsAfterCompute,
    /// An invalidation of a key does not stop a running computation of the key from storing its
    /// value.
    LeaveFlight,
    /// A call may join a computation that began before an invalidation whose effect the call must
    /// see.
    JoinThePast,
    /// A waiter accepts the result of a computation although one of the result's tags was
    /// invalidated after the computation began.
    AcceptThePast,
    /// A hit returns an entry that was invalidated after the entry's check and before its insertion
    /// into memory.
    IgnoreDead,
    /// A write stores its value although another write or an invalidation of the key came after the
    /// write began.
    IgnoreWriteToken,
    /// A call that became the leader of a flight does not look into memory again, where another
    /// leader may have stored a value since the call's miss.
    NoSecondLook,
    /// An invalidation is applied to this node's memory only before the store accepts it, and not a
    /// second time afterwards.
    NoSecondBump,
    /// A node ignores the invalidations that other nodes publish.
    Deaf,
    /// An entry in memory that no heartbeat confirms stays there, although an answer of the store
    /// disagrees with the entry.
    ForgetAnswer,
    /// A node serves entries from its memory although no heartbeat arrives.
    NoHeartbeat,
    /// After an interruption of the bus, a node trusts the entries that were in its memory before
    /// the interruption.
    NoEpoch,
    /// A node publishes its invalidations in a form that no other node can read.
    SpeakUnknown,
    /// A node ignores a message whose form it cannot read, although the message may be an
    /// invalidation.
    IgnoreUnknownMessage,
    /// An acknowledged invalidation returns without waiting for other processes.
    NoAckWait,
    /// A node serves from memory without having said hello on the bus.
    NoHello,
    /// A node takes its hello for accepted when the hello is sent, without an answer of the server.
    HelloUnanswered,
    /// A node says hello once for each subscription to the bus, and does not repeat the hello.
    SeldomHello,
    /// An acknowledged invalidation does not wait until its message comes back to the process that
    /// sent it.
    NoOwnMessage,
    /// An acknowledged invalidation takes any message that the process itself sent for its own
    /// message, for which it waits.
    AnyOwnMessage,
    /// After an interruption of the bus, a node assumes that only those processes exist from which
    /// it has received a hello, although hellos may have been lost meanwhile.
    OldWindow,
    /// The time for which an acknowledged invalidation waits for a silent process begins when the
    /// message is sent, and not when the server answers.
    WaitFromSending,
    /// After a process did not acknowledge an invalidation, other processes wait for it no more
    /// until it says hello again.
    ForgetSilent,
    /// A node sends its heartbeat without a write, so that even a server that accepts no writes
    /// delivers the heartbeat.
    EchoWithoutWrite,
    /// A node accepts a heartbeat that arrives after one subscription to the bus ended and before
    /// the next begins.
    EchoBetween,
    /// A node serves entries from its memory after its goodbye.
    TrustAfterGoodbye,
    /// The version of a value tag is read when the value is stored, without a check that no tag
    /// with this prefix was invalidated after the computation began.
    RetTagLate,
    /// A version that is missing in Redis is taken for a version of zeros, which never changes.
    MissingTagIsZero,
    /// Redis stores a value although the fencing token of its computation is gone.
    FillWithoutToken,
    /// A node does not notify other nodes of the write of a value that is kept in memory only.
    WriteUntold,
    /// A write stores its value although a write with a greater order has stored another value.
    IgnoreOrder,
    /// A write that knows of a newer value in memory stores its own, older value if the store has
    /// lost the newer one.
    FillOlder,
    /// A write takes the flight of its key after the store has answered, and not before it asks the
    /// store.
    LateFlight,
    /// A write puts its value into memory although an invalidation or another write retired its
    /// flight.
    InsertGrounded,
    /// A write that knows of a newer write in progress does not ask the store, and relies on the
    /// newer write to do so.
    LeaveToNewer,
    /// A write whose value does not reach memory leaves an earlier value of the key in memory.
    LeaveReplaced,
    /// Redis stores the value of a write with an order although an invalidation ended the
    /// generation of the write's token.
    IgnoreGeneration,
    /// Redis stores a value although a version on which the value depends was invalidated.
    FillWithoutVersions,
    /// Redis puts into a stored entry the versions at the time of the store, and not the versions
    /// that existed when the computation began.
    VersionsAfterCompute,
    /// Redis does not extend the life of a tag's version when a value with the tag is computed or
    /// stored.
    VersionsRunOut,
    /// A new version consists only of bytes from the client, so a command that is executed twice
    /// makes an invalidated version valid again.
    ClientMadeVersions,
    /// An invalidation of an entry in Redis does not remove the entry's replicas.
    SpareCopies,
    /// A soft invalidation of an entry leaves the entry's fencing token and its lease valid in
    /// Redis.
    SoftKeepsToken,
    /// A reader of an entry in Redis does not notice that one of the entry's versions was softly
    /// invalidated.
    IgnoreSoftHalf,
    /// Functions with one name, or with keys that overlap, both use Redis, where each may read the
    /// other's entries.
    ShareNames,
    /// A handle of a region continues to use the memory that the region had when the handle was
    /// made.
    KeepRegionMemory,
    /// A thread's table (L0) serves a value although the value's entry in memory was replaced or
    /// removed.
    KeepAtHand,
    /// A thread's table (L0) serves a value without a check, although something was invalidated
    /// after the last check of the value.
    TrustAtHand,
    /// A value enters a thread's table (L0) with the generation of its slot in memory after the
    /// look-up of the entry, and not before the look-up.
    StampLate,
    /// The circuit breaker stays closed, whatever number of requests to Redis fail.
    NoBreaker,
    /// Each request of a call to Redis may take a whole `redis_timeout`, although all requests of
    /// the call share one.
    FreshBudget,
    /// A call returns a stale value in place of a new one, although the stale value was
    /// invalidated.
    ServeInvalidated,
    /// A refresh computes without asking Redis for the lease, which another process may hold.
    RefreshWithoutLease,
    /// A hit near the end of its entry asks Redis for the lease again and again, although another
    /// process refreshes the entry.
    ForgetRefreshes,
    /// The leader of a refresh computes although another refresh of the key failed after this
    /// refresh was decided on.
    IgnorePause,
    /// The messages that a cache still has to send are lost when its last handle is dropped.
    LeaveUntold,
    /// A cache uses a server that does not report its data set, as if the server had the data set
    /// known before.
    BelieveUnknown,
    /// A cache keeps a connection that has returned the entry of another key.
    KeepSuspect,
    /// A computation may take any time, although its function has a `timeout`.
    NoDeadline,
    /// Any number of computations of a function may run at once, although the function has
    /// `max_computations`.
    NoGate,
    /// A computation keeps its permit until it ends, and does not release the permit after the
    /// `lock_timeout`.
    KeepPlace,
    /// A computation that a computation of the same function calls waits for a second permit, which
    /// may never be free.
    GateItself,
    /// A call keeps its permit while it waits for the computation of another call.
    PlaceWhileWaiting,
    /// A computation whose caller is gone releases its permit after the `lock_timeout`, instead of
    /// keeping it to the end.
    LeavePlace,
    /// A dropped call continues as a detached computation, although its computation has not begun
    /// or belongs to another call.
    DetachUnbegun,
    /// A detached computation may take any time after its caller is gone.
    DetachForEver,
    /// A computation becomes detached although it panicked, or although its caller unwinds because
    /// of a panic.
    DetachUnwinding,
    /// A cache starts background work even after its shutdown.
    NeverClosed,
    /// A request to Redis times out as soon as its time is over, without a last look for a reply
    /// that arrived while the process was suspended.
    NoLastLook,
    /// The task that sends batched reads ends after one batch, and leaves the reads that arrived
    /// meanwhile unsent.
    AskOnce,
    /// A flight leaves the table of flights before its outcome is set.
    RemoveBeforeOutcome,
    /// A flight that ends removes the current flight of its key from the table, even a newer flight
    /// than itself.
    RemoveAnyFlight,
    /// An invalidation does not invalidate the outcome of a flight that is about to be stored in
    /// memory.
    SpareOutcome,
    /// A call may join a computation of another function, or of no function, if both keys have the
    /// same text.
    JoinAnother,
    /// A waiter becomes the leader of a retired flight, although no further call can join that
    /// flight and its value cannot be stored.
    LeadGrounded,
    /// A value that leaves an engine is dropped while the engine holds its locks.
    DropLocked,
    /// An invalidation of a tag, an event, a function or everything does not remove a remembered
    /// error; only an invalidation of the error's key does.
    FreeErrors,
    /// An invalidation of a key leaves the key's entry in a memory that belongs to one function or
    /// region.
    SpareRooms,
    /// The uses of entries are sampled at equal distances instead of random distances.
    EvenSamples,
    /// All keys that are too long for a name in Redis get the same hash in their name.
    OneHash,
    /// A reader of an entry in Redis does not check that the entry belongs to the reader's key.
    TrustName,
    /// A write leaves no mark in Redis before it begins.
    NoIntent,
    /// The mark of a dead process's write goes after its first round, although the data source may
    /// decide the commit later.
    SweepOnce,
    /// All writes of a process that invalidate equal names share one mark, which the first of them
    /// removes.
    OneMarkPerName,
    /// The mark of a write is removed before the names that the write invalidates.
    UnmarkFirst,
    /// A process serves from Redis before it has carried out the marks of dead processes.
    SweepLate,
}

/// A point in the cache's code at which a test may run code of its own, so that it can force an
/// order of two concurrent operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// A computation may store its value, and the value is not yet in memory.
    BeforeInsert,
    /// A call found no entry in memory, and has not yet entered a flight.
    BeforeEnter,
    /// A hit found an entry in memory, and has not yet put the entry into its thread's table (L0).
    BeforeKeep,
    /// An invalidation took effect on this node, and is not yet sent to the store.
    BeforeRemoval,
}

/// The function of a test that the cache calls at each [`Point`] that it reaches.
#[cfg(cachekit_faults)]
pub(crate) type StepIn = fn(Point);

/// A function of a test that changes the text of a Redis script before the script is loaded. Its
/// arguments are the script's name, the script's text, and a function that returns `true` for
/// guards that are removed. Returns the text to load.
#[cfg(cachekit_faults)]
pub(crate) type EditScript = fn(&str, String, &dyn Fn(Fault) -> bool) -> String;

/// The guards that are removed from one cache. The set is empty in a user's build.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// The set of removed guards: the bit with the number of a `Fault` is 1 if the guard of that
    /// fault is removed.
    #[cfg(cachekit_faults)]
    broken: u128,
    #[cfg(cachekit_faults)]
    pub(crate) step_in: Option<StepIn>,
    #[cfg(cachekit_faults)]
    pub(crate) edit_script: Option<EditScript>,
}

#[cfg(cachekit_faults)]
impl Faults {
    /// Calls the function of a test with `point`, which the cache has reached. Does nothing if the
    /// test gave no function to the cache.
    pub(crate) fn at(self, point: Point) {
        if let Some(step_in) = self.step_in {
            step_in(point);
        }
    }

    /// Returns this set with the guard of `fault` removed as well.
    pub(crate) fn with(self, fault: Fault) -> Self {
        Self {
            broken: self.broken | 1 << fault as u128,
            ..self
        }
    }

    /// Returns `true` if the guard of `fault` is removed.
    pub(crate) fn has(self, fault: Fault) -> bool {
        self.broken & 1 << fault as u128 != 0
    }

    /// Returns the text of the Redis script `name` to load: `text` as the test's function changes
    /// it, or `text` itself without such a function.
    pub(crate) fn edit(self, name: &str, text: &str) -> String {
        match self.edit_script {
            Some(edit) => edit(name, text.to_owned(), &|fault| self.has(fault)),
            None => text.to_owned(),
        }
    }
}

/// Methods of a user's build, in which no test intervenes: they do nothing.
#[cfg(not(cachekit_faults))]
#[expect(clippy::unused_self, reason = "the same signatures as with the cfg")]
impl Faults {
    pub(crate) fn at(self, _: Point) {}

    pub(crate) fn edit(self, _: &str, text: &str) -> String {
        text.to_owned()
    }
}

/// `guard!(owner, Name: condition)` is `true` if the condition holds, or if a test removed the
/// guard `Name` from the cache of `owner`, which must have a field `faults`.
#[cfg(cachekit_faults)]
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {
        ($condition || $owner.faults.has($crate::base::fault::Fault::$fault))
    };
}

/// `removed!(owner, Name)` is `true` if a test removed the guard `Name` from the cache of `owner`.
/// The macro is for guards that are not a condition.
#[cfg(cachekit_faults)]
macro_rules! removed {
    ($owner:expr, $fault:ident) => {
        $owner.faults.has($crate::base::fault::Fault::$fault)
    };
}

/// Expands to the condition alone, in a user's build, in which no guard can be removed.
#[cfg(not(cachekit_faults))]
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {{
        let _ = &$owner.faults;
        $condition
    }};
}

/// Expands to `false`, in a user's build, in which no guard can be removed.
#[cfg(not(cachekit_faults))]
macro_rules! removed {
    ($owner:expr, $fault:ident) => {{
        let _ = &$owner.faults;
        false
    }};
}

pub(crate) use {guard, removed};
