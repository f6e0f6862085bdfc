//! Guards that a test may break on purpose.
//!
//! A test of a concurrency claim proves something only if it fails once the guard that it
//! tests is gone. With `--cfg cachekit_faults`, which the workspace sets (`.cargo/config.toml`), a
//! cache can be built with one guard removed. Without it, in every build of a user, a
//! `guard!` is the condition that it guards by, and nothing is stored.
//!
//! The set of a cache is in its configuration. What is built of that keeps a copy in a field
//! `faults`, and a site names the owner of such a field: `guard!(self.core, JoinThePast: ..)`.

/// One guard to remove.
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
    /// A waiter takes a result without asking whether its tags moved since it began.
    AcceptThePast,
    /// An entry that was invalidated between its check and its insertion is served.
    IgnoreDead,
    /// A write stores although another write or an invalidation came in between.
    IgnoreWriteToken,
    /// A leader does not look into memory again after it won the flight.
    NoSecondLook,
    /// An invalidation is not applied again after the store accepted it.
    NoSecondBump,
    /// A node does not hear what others invalidate.
    Deaf,
    /// What the store answered does not hold against memory that nobody confirms.
    ForgetAnswer,
    /// Memory is trusted although no message comes through.
    NoHeartbeat,
    /// Memory from before an interruption of the messages is trusted after it.
    NoEpoch,
    /// A node tells of its invalidations in a form that no other knows.
    SpeakUnknown,
    /// A message of an unknown form is passed over.
    IgnoreUnknownMessage,
    /// An acknowledged invalidation returns without waiting for anybody.
    NoAckWait,
    /// A node serves from memory without having told anybody that it is there.
    NoHello,
    /// A hello counts when it is sent, whatever comes of it.
    HelloUnanswered,
    /// One hello is enough for a whole subscription.
    SeldomHello,
    /// Who waits for acknowledgements does not wait for its own message to come back.
    NoOwnMessage,
    /// Any message of its own will do.
    AnyOwnMessage,
    /// Who was heard is taken to be all there are, also after an interruption.
    OldWindow,
    /// Who does not answer is waited for from when the question was sent.
    WaitFromSending,
    /// Who did not answer once is not expected to any more, until it says hello again.
    ForgetSilent,
    /// A node sends itself messages by way of a server that takes no writes.
    EchoWithoutWrite,
    /// Messages count that arrive when a subscription is over and the next has not begun.
    EchoBetween,
    /// Memory is served after the others were told that it is not.
    TrustAfterGoodbye,
    /// The version of a tag made from a value is taken as it is when the value is stored.
    RetTagLate,
    /// A missing version counts as one that never changed.
    MissingTagIsZero,
    /// Redis stores a value although its token is gone.
    FillWithoutToken,
    /// Nobody is told of a write of what lives in memory only.
    WriteUntold,
    /// A write stores although one with a greater order has.
    IgnoreOrder,
    /// A write that is known to be older is stored where the store lost the newer one.
    FillOlder,
    /// A write enters the flight of its key when the store has answered, and not before it asks.
    LateFlight,
    /// What a write stored reaches memory although its flight was taken out of the table.
    InsertGrounded,
    /// A write that knows of a newer one under way leaves it to that to tell the store.
    LeaveToNewer,
    /// A write whose value does not reach memory leaves there what was there before.
    LeaveReplaced,
    /// Redis stores the value of a write with an order although its generation is over.
    IgnoreGeneration,
    /// Redis stores a value although a version that it hangs on is gone.
    FillWithoutVersions,
    /// Redis records the versions that it has when a value is stored, not those that were
    /// there when its computation began.
    VersionsAfterCompute,
    /// Redis does not lengthen the life of a tag's version when a value is computed or stored.
    VersionsRunOut,
    /// A version is made of what the client sent alone, so a repeated command brings it back.
    ClientMadeVersions,
    /// What takes an entry out of use leaves its copies.
    SpareCopies,
    /// A soft invalidation of an entry leaves its token and its lease good in Redis.
    SoftKeepsToken,
    /// Who reads an entry from Redis does not see that a version was softly invalidated.
    IgnoreSoftHalf,
    /// Functions of one name, or with keys that overlap, share a store.
    ShareNames,
    /// A handle of a region keeps the memory that the region had when it was made.
    KeepRegionMemory,
    /// What a thread has at hand is served although the entry was replaced or removed.
    KeepAtHand,
    /// It is served although something was invalidated since it was last checked.
    TrustAtHand,
    /// It is kept as of the moment after its look-up, and not as of the one before.
    StampLate,
    /// The circuit breaker never opens.
    NoBreaker,
    /// Every question of one call may take a whole `redis_timeout`.
    FreshBudget,
    /// An old value is served in the place of a new one although it was invalidated.
    ServeInvalidated,
    /// A refresh does not ask whether another process has the lease.
    RefreshWithoutLease,
    /// A hit near the end of its entry asks for the lease however often another has it.
    ForgetRefreshes,
    /// Who leads a refresh does not ask whether another failed since it was decided on.
    IgnorePause,
    /// What a cache still had to tell ends with its last handle.
    LeaveUntold,
    /// A server that does not say which data set it has is taken for the one that it was.
    BelieveUnknown,
    /// A connection that gave another key's entry is kept.
    KeepSuspect,
    /// A computation may take as long as it likes, whatever its `timeout`.
    NoDeadline,
    /// As many computations run at once as there are callers.
    NoGate,
    /// A computation keeps its place for as long as it runs.
    KeepPlace,
    /// A computation inside one of the same function waits for a place of its own.
    GateItself,
    /// A call goes on waiting for a place while it waits for another's computation.
    PlaceWhileWaiting,
    /// A computation of which the caller is gone leaves its place after `lock_timeout`, as others do.
    LeavePlace,
    /// A call whose computation has not begun, or that only waits, goes on when it is dropped.
    DetachUnbegun,
    /// A computation goes on as long as it likes after its caller is gone.
    DetachForEver,
    /// What unwinds, or its caller does, goes on.
    DetachUnwinding,
    /// Work in the background is begun after a shutdown too.
    NeverClosed,
    /// An answer is late when its time is over, also where the process itself stood still.
    NoLastLook,
    /// Who asks for calls that read asks once, and leaves those that came meanwhile.
    AskOnce,
    /// A flight leaves the table before its outcome is set.
    RemoveBeforeOutcome,
    /// A flight that ends takes whatever flight of its key is in the table with it.
    RemoveAnyFlight,
    /// An invalidation leaves an outcome in use that is about to be stored.
    SpareOutcome,
    /// A call may join the computation of another function, or of none, whose key reads the same.
    JoinAnother,
    /// A waiter takes over a flight that nobody can join any more.
    LeadGrounded,
    /// Entries that leave an engine are dropped while it is locked.
    DropLocked,
    /// What a function failed with is remembered whatever is invalidated, but for its key.
    FreeErrors,
    /// An invalidation by key leaves what functions have in memory of their own.
    SpareRooms,
    /// The uses that are counted are drawn at equal distances, and not at random ones.
    EvenSamples,
    /// All keys that are too long for a name in Redis have one hash.
    OneHash,
    /// Who reads an entry from Redis does not ask whether it is its key's.
    TrustName,
}

/// A place where a test may step in between two steps of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// A value was allowed to be stored and is not yet in the memory tier.
    BeforeInsert,
    /// A call found nothing in memory and has not yet entered a flight.
    BeforeEnter,
    /// A hit found an entry in the memory tier, and its thread does not have it at hand yet.
    BeforeKeep,
    /// An invalidation took place on this node, and the store has not been told yet.
    BeforeRemoval,
}

/// What a test does at a [`Point`].
#[cfg(cachekit_faults)]
pub(crate) type StepIn = fn(Point);

/// Changes the text of a script of this name, before it is loaded. The last argument is `true` of
/// guards that are removed.
#[cfg(cachekit_faults)]
pub(crate) type EditScript = fn(&str, String, &dyn Fn(Fault) -> bool) -> String;

/// The guards removed from one cache.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// One bit for each.
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
