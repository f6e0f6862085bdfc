//! Guards that a test may break on purpose.
//!
//! A test of a concurrency claim proves something only if it fails once the guard that it
//! tests is gone. With `--cfg cachekit_faults`, which the workspace sets (`.cargo/config.toml`), a
//! cache can be built with one guard removed. Without it, in every build of a user, a
//! `guard!` is the condition that it guards by, and nothing is stored.
//!
//! The set of a cache is in its configuration. What is built of that keeps a copy in a field
//! `faults`, and a site names the owner of such a field: `guard!(self.core, JoinThePast: ..)`.

/// A guard to remove.
#[cfg(cachekit_faults)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A hit does not look at the epochs of its tags, its function and the cache.
    IgnoreEpochs,
    /// The epochs are read when a computation ends instead of when it begins.
    EpochsAfterCompute,
    /// An invalidation by key leaves running computations able to store.
    LeaveFlight,
    /// A call may join a computation that began before an invalidation it must see.
    JoinThePast,
    /// A waiter accepts a result although one of its tags was invalidated since the computation began.
    AcceptThePast,
    /// An entry that was invalidated between its check and its insertion is served.
    IgnoreDead,
    /// A write stores although another write or an invalidation came in between.
    IgnoreWriteToken,
    /// A leader does not look into memory again after it won the flight.
    NoSecondLook,
    /// An invalidation is not applied again after the store accepted it.
    NoSecondBump,
    /// A node does not receive the invalidations of others.
    Deaf,
    /// The store's answer leaves an entry in memory that no heartbeat confirms, though it disagrees.
    ForgetAnswer,
    /// Memory is trusted although no heartbeat arrives.
    NoHeartbeat,
    /// Memory from before an interruption of the messages is trusted after it.
    NoEpoch,
    /// A node sends its invalidations in a form that no other knows.
    SpeakUnknown,
    /// A message of an unknown form is ignored.
    IgnoreUnknownMessage,
    /// An acknowledged invalidation returns without waiting for other processes.
    NoAckWait,
    /// A node serves from memory without having said hello.
    NoHello,
    /// A hello counts when it is sent, whatever its result.
    HelloUnanswered,
    /// A single hello is enough for a whole subscription.
    SeldomHello,
    /// A wait for acknowledgements does not include the process's own message.
    NoOwnMessage,
    /// A wait for the process's own message accepts any message of its own.
    AnyOwnMessage,
    /// The processes whose hellos were received are taken for all, even after an interruption.
    OldWindow,
    /// A process that does not answer is waited for since the question was sent.
    WaitFromSending,
    /// A process that did not answer once is not expected to answer until it says hello again.
    ForgetSilent,
    /// A node sends its heartbeat by way of a server that accepts no writes.
    EchoWithoutWrite,
    /// Messages count that arrive when a subscription is over and the next has not begun.
    EchoBetween,
    /// Memory is served after the goodbye.
    TrustAfterGoodbye,
    /// The version of a value tag is read when the value is stored.
    RetTagLate,
    /// A missing version counts as one that never changed.
    MissingTagIsZero,
    /// Redis stores a value although its token is gone.
    FillWithoutToken,
    /// A write of a value that is only in memory is not published.
    WriteUntold,
    /// A write stores although one with a greater order has.
    IgnoreOrder,
    /// A write that is known to be older is stored if the store has lost the newer one.
    FillOlder,
    /// A write enters the flight of its key after the store has answered, and not before it asks.
    LateFlight,
    /// The value of a write reaches memory although its flight was retired.
    InsertGrounded,
    /// A write that knows of a newer one in progress leaves the store to that.
    LeaveToNewer,
    /// A write whose value does not reach memory leaves the earlier value there.
    LeaveReplaced,
    /// Redis stores the value of a write with an order although its generation is over.
    IgnoreGeneration,
    /// Redis stores a value although a version that it depends on is gone.
    FillWithoutVersions,
    /// Redis records the versions that it has when a value is stored, not those that were
    /// there when its computation began.
    VersionsAfterCompute,
    /// Redis does not extend the life of a tag's version when a value is computed or stored.
    VersionsRunOut,
    /// A version is made only of bytes from the client, so a repeated command brings it back.
    ClientMadeVersions,
    /// An invalidation of an entry leaves its replicas.
    SpareCopies,
    /// A soft invalidation of an entry leaves its token and its lease valid in Redis.
    SoftKeepsToken,
    /// A reader of Redis does not see that a version was softly invalidated.
    IgnoreSoftHalf,
    /// Functions of one name, or with keys that overlap, share a store.
    ShareNames,
    /// A handle of a region keeps the memory that the region had when it was made.
    KeepRegionMemory,
    /// A value in a thread's table (L0) is served although the entry was replaced or removed.
    KeepAtHand,
    /// A value in a thread's table (L0) is served although something was invalidated since its last check.
    TrustAtHand,
    /// A value in a thread's table (L0) has the generation from after its look-up, and not from before.
    StampLate,
    /// The circuit breaker never opens.
    NoBreaker,
    /// Every request of one call may take a whole `redis_timeout`.
    FreshBudget,
    /// A stale value is served in place of a new one although it was invalidated.
    ServeInvalidated,
    /// A refresh does not ask whether another process has the lease.
    RefreshWithoutLease,
    /// A hit near the end of its entry asks for the lease however often another has it.
    ForgetRefreshes,
    /// The leader of a refresh does not ask whether another failed since the refresh was decided on.
    IgnorePause,
    /// Messages that a cache still has to send are lost with its last handle.
    LeaveUntold,
    /// A server that does not say which data set it has is taken for the one before.
    BelieveUnknown,
    /// A connection that returned another key's entry is kept.
    KeepSuspect,
    /// A computation may take any time, whatever its `timeout`.
    NoDeadline,
    /// Any number of computations may run at once.
    NoGate,
    /// A computation keeps its permit for as long as it runs.
    KeepPlace,
    /// A computation inside one of the same function waits for a permit of its own.
    GateItself,
    /// A call keeps waiting for a permit while it waits for another's computation.
    PlaceWhileWaiting,
    /// A computation whose caller is gone releases its permit after `lock_timeout`, as others do.
    LeavePlace,
    /// A dropped call whose computation has not begun, or that only waits, continues.
    DetachUnbegun,
    /// A computation may take any time after its caller is gone.
    DetachForEver,
    /// A computation that unwinds, or whose caller does, continues.
    DetachUnwinding,
    /// Background work begins even after a shutdown.
    NeverClosed,
    /// An answer counts as a timeout when its time is over, even if the process itself stood still.
    NoLastLook,
    /// The sender of batched reads sends once, and leaves the reads that arrived meanwhile.
    AskOnce,
    /// A flight leaves the table before its outcome is set.
    RemoveBeforeOutcome,
    /// A flight that ends removes any flight of its key from the table.
    RemoveAnyFlight,
    /// An invalidation leaves an outcome valid that is about to be stored.
    SpareOutcome,
    /// A call may join the computation of another function, or of none, whose key has the same text.
    JoinAnother,
    /// A waiter takes over a retired flight, which no call can join any more.
    LeadGrounded,
    /// Entries that leave an engine are dropped while it is locked.
    DropLocked,
    /// A remembered error is removed only by an invalidation of its key.
    FreeErrors,
    /// An invalidation by key leaves the entries in the own memories of functions.
    SpareRooms,
    /// Uses are sampled at equal distances, and not at random ones.
    EvenSamples,
    /// All keys that are too long for a name in Redis have one hash.
    OneHash,
    /// A reader of Redis does not check that an entry is its key's.
    TrustName,
}

/// A point between two steps of the cache at which a test may intervene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// A value was allowed to be stored and is not yet in the memory tier.
    BeforeInsert,
    /// A call found nothing in memory and has not yet entered a flight.
    BeforeEnter,
    /// A hit found an entry in the memory tier, and has not yet put it into its thread's table (L0).
    BeforeKeep,
    /// An invalidation took effect on this node, and was not yet sent to the store.
    BeforeRemoval,
}

/// The action of a test at a [`Point`].
#[cfg(cachekit_faults)]
pub(crate) type StepIn = fn(Point);

/// Changes the text of a script of this name, before it is loaded. The last argument is `true` of
/// guards that are removed.
#[cfg(cachekit_faults)]
pub(crate) type EditScript = fn(&str, String, &dyn Fn(Fault) -> bool) -> String;

/// The guards removed from one cache.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// A bit for each removed guard.
    #[cfg(cachekit_faults)]
    broken: u128,
    #[cfg(cachekit_faults)]
    pub(crate) step_in: Option<StepIn>,
    #[cfg(cachekit_faults)]
    pub(crate) edit_script: Option<EditScript>,
}

#[cfg(cachekit_faults)]
impl Faults {
    /// Lets a test step in.
    pub(crate) fn at(self, point: Point) {
        if let Some(step_in) = self.step_in {
            step_in(point);
        }
    }

    /// Removes `fault`'s guard too.
    pub(crate) fn with(self, fault: Fault) -> Self {
        Self {
            broken: self.broken | 1 << fault as u128,
            ..self
        }
    }

    /// Returns `true` if `fault`'s guard is removed.
    pub(crate) fn has(self, fault: Fault) -> bool {
        self.broken & 1 << fault as u128 != 0
    }

    /// The text of the script `name`, as a test has it run.
    pub(crate) fn edit(self, name: &str, text: &str) -> String {
        match self.edit_script {
            Some(edit) => edit(name, text.to_owned(), &|fault| self.has(fault)),
            None => text.to_owned(),
        }
    }
}

/// Nothing, in a build that users run.
#[cfg(not(cachekit_faults))]
#[expect(clippy::unused_self, reason = "the same signatures as with the cfg")]
impl Faults {
    pub(crate) fn at(self, _: Point) {}

    pub(crate) fn edit(self, _: &str, text: &str) -> String {
        text.to_owned()
    }
}

/// `guard!(owner, Name: condition)`: the condition holds, or a test removed the guard `Name` from
/// the cache of `owner`, which has a field `faults`.
#[cfg(cachekit_faults)]
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {
        ($condition || $owner.faults.has($crate::base::fault::Fault::$fault))
    };
}

/// `removed!(owner, Name)`: a test removed the guard `Name`. For what is no condition.
#[cfg(cachekit_faults)]
macro_rules! removed {
    ($owner:expr, $fault:ident) => {
        $owner.faults.has($crate::base::fault::Fault::$fault)
    };
}

/// The condition alone, in a build that users run.
#[cfg(not(cachekit_faults))]
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {{
        let _ = &$owner.faults;
        $condition
    }};
}

/// Never, in a build that users run.
#[cfg(not(cachekit_faults))]
macro_rules! removed {
    ($owner:expr, $fault:ident) => {{
        let _ = &$owner.faults;
        false
    }};
}

pub(crate) use {guard, removed};
