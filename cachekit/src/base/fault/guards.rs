//! The guards that a test can remove from a cache.

/// A guard that a test can remove from a cache: a condition in the cache's code against one kind of
/// race or failure. The text of each variant says what the cache does wrong without the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Without this guard, a computation does not record the values that the cache gives it, so its
    /// entry outlives their invalidation.
    ForgetNested,
    /// Without this guard, a computation does not record a value for which the cache made no entry.
    ForgetUnkept,
    /// Without this guard, the store does not compare the versions of the values that an entry was
    /// computed from, nor the version that all tags with the prefix of such a value's tag share.
    FillWithoutInner,
    /// Without this guard, an entry that was computed from other entries lives for its whole `ttl`,
    /// so that ages add up.
    AddAges,
    /// Without this guard, a `#[write_through]` function stores its result although its body was
    /// given the entry's old value.
    StoreOwnValue,
    /// Without this guard, a refresh that no caller waits for takes stale values.
    RefreshFromStale,
    /// Without this guard, the versions of the values that an entry was computed from are read when
    /// the entry is stored, and not when the values were found valid.
    LineageAtGrant,
    /// Without this guard, an invalidation of a key raises no epoch if no entry of this node refers
    /// to the epoch yet.
    EpochOnlyWhereHeld,
    /// Without this guard, a waiter accepts the result of a computation although a value that the
    /// computation took was invalidated after the computation began.
    JoinersByDoor,
    /// Without this guard, a miss does not look for a queued write of the entry, so it returns the
    /// value from before that write.
    IgnoreQueuedValue,
    /// Without this guard, a queued write that always fails is repeated for ever.
    RepeatForEver,
    /// Without this guard, a worker finishes a queued write before it carries the write out.
    FinishEarly,
    /// Without this guard, no worker claims a queued write that a dead worker has claimed.
    KeepDeadClaims,
    /// Without this guard, several workers claim the same queued write at the same time.
    ShareClaims,
    /// Without this guard, the version of a queued write is the time of the server's clock, also if
    /// the clock was set back.
    VersionByClock,
    /// Without this guard, an entry in the store that was computed from other entries is served
    /// although invalidations of this node wait in the outbox.
    IgnoreQueued,
    /// Without this guard, a write invalidates the entries that were computed from the replaced
    /// value only before the store accepts the write, and not a second time afterwards.
    OneEpochMove,
    /// Without this guard, a computation takes an entry of memory whose versions in the store are
    /// not known, and its value is stored without them.
    PassWithoutVersion,
    /// Without this guard, a hit in memory does not compare the epochs of its entry, so it may
    /// return an invalidated entry.
    IgnoreEpochs,
    /// Without this guard, a computation reads the epochs of its entry when the computation ends
    /// instead of when it begins, so an invalidation during the computation is missed.
    EpochsAfterCompute,
    /// Without this guard, an invalidation of a key does not stop a running computation of the key
    /// from storing its value.
    LeaveFlight,
    /// Without this guard, a call may join a computation that began before an invalidation,
    /// although the call began after that invalidation and must see its effect.
    JoinThePast,
    /// Without this guard, a waiter accepts the result of a computation although one of the
    /// result's tags was invalidated after the computation began.
    AcceptThePast,
    /// Without this guard, a hit returns an entry that was invalidated while it was being stored:
    /// after the check before the store, and before the entry was inserted into memory.
    IgnoreDead,
    /// Without this guard, a write stores its value although another write or an invalidation of
    /// the key came after the write began.
    IgnoreWriteToken,
    /// Without this guard, a call that became the leader of a flight does not look into memory
    /// again, where another leader may have stored a value since the call's miss.
    NoSecondLook,
    /// Without this guard, an invalidation is applied to this node's memory only before the store
    /// accepts the invalidation, and not a second time afterwards.
    NoSecondBump,
    /// Without this guard, a node ignores the invalidations that other nodes publish.
    Deaf,
    /// Without this guard, an entry in memory that no heartbeat confirms stays in memory, although
    /// an answer of the store disagrees with the entry.
    ForgetAnswer,
    /// Without this guard, a node serves entries from its memory although no heartbeat arrives.
    NoHeartbeat,
    /// Without this guard, after an interruption of the bus, a node trusts the entries that were in
    /// its memory before the interruption.
    NoEpoch,
    /// Without this guard, a node publishes its invalidations in a form that no other node can
    /// read.
    SpeakUnknown,
    /// Without this guard, a node ignores a message whose form it cannot read, although that
    /// message can be an invalidation.
    IgnoreUnknownMessage,
    /// Without this guard, an acknowledged invalidation returns without waiting for other
    /// processes.
    NoAckWait,
    /// Without this guard, a node serves from memory without having sent a hello on the bus.
    NoHello,
    /// Without this guard, a node takes its hello for accepted when the hello is sent, without an
    /// answer of the server.
    HelloUnanswered,
    /// Without this guard, a node sends a hello once for each subscription to the bus, and does not
    /// repeat the hello.
    SeldomHello,
    /// Without this guard, an acknowledged invalidation does not wait until its message comes back
    /// to the process that sent it.
    NoOwnMessage,
    /// Without this guard, an acknowledged invalidation waits for its own message to come back, and
    /// takes any other message of this process for its own message.
    AnyOwnMessage,
    /// Without this guard, after an interruption of the bus, a node assumes that only those
    /// processes exist from which it has received a hello, although hellos may have been lost
    /// during the interruption.
    OldWindow,
    /// Without this guard, the time for which an acknowledged invalidation waits for a silent
    /// process begins when the message is sent, and not when the server answers.
    WaitFromSending,
    /// Without this guard, after a process did not acknowledge an invalidation, other processes no
    /// longer wait for that process until it says hello again.
    ForgetSilent,
    /// Without this guard, a node sends its heartbeat without a write, so that even a server that
    /// accepts no writes delivers the heartbeat.
    EchoWithoutWrite,
    /// Without this guard, a node accepts a heartbeat that arrives after one subscription to the
    /// bus ended and before the next begins.
    EchoBetween,
    /// Without this guard, a node serves entries from its memory after its goodbye.
    TrustAfterGoodbye,
    /// Without this guard, the version of a value tag is read when the value is stored, without a
    /// check that no tag with this prefix was invalidated after the computation began.
    RetTagLate,
    /// Without this guard, a version that is missing in Redis is taken for a version of zeros,
    /// which never changes.
    MissingTagIsZero,
    /// Without this guard, Redis stores a value although the fencing token of its computation is
    /// gone.
    FillWithoutToken,
    /// Without this guard, a node does not notify other nodes of the write of a value that is kept
    /// in memory only.
    WriteUntold,
    /// Without this guard, a write stores its value although a write with a greater order has
    /// stored another value.
    IgnoreOrder,
    /// Without this guard, a write that knows of a newer value in memory stores its own, older
    /// value if the store has lost the newer one.
    FillOlder,
    /// Without this guard, a write begins the flight of its key after the store has answered, and
    /// not before the write asks the store.
    LateFlight,
    /// Without this guard, a write puts its value into memory although an invalidation or another
    /// write removed the write's flight from the table of flights.
    InsertGrounded,
    /// Without this guard, a write that knows of a newer write in progress does not store its value
    /// in Redis, and relies on the newer write to store a value.
    LeaveToNewer,
    /// Without this guard, a write whose value does not reach memory leaves an earlier value of the
    /// key in memory.
    LeaveReplaced,
    /// Without this guard, Redis stores the value of a write with an order although an invalidation
    /// ended the generation of the write's token.
    IgnoreGeneration,
    /// Without this guard, Redis stores a value although an invalidation removed a version on which
    /// the value depends.
    FillWithoutVersions,
    /// Without this guard, Redis puts into a stored entry the versions at the time of the store,
    /// and not the versions that existed when the computation began.
    VersionsAfterCompute,
    /// Without this guard, Redis does not extend the life of a tag's version when a value with the
    /// tag is computed or stored.
    VersionsRunOut,
    /// Without this guard, a new version consists only of bytes from the client, so a command that
    /// is executed twice makes an invalidated version valid again.
    ClientMadeVersions,
    /// Without this guard, an invalidation of an entry in Redis does not remove the entry's
    /// replicas.
    SpareCopies,
    /// Without this guard, a soft invalidation of an entry leaves the entry's fencing token and its
    /// lease valid in Redis.
    SoftKeepsToken,
    /// Without this guard, a reader of an entry in Redis does not notice that one of the entry's
    /// versions was softly invalidated.
    IgnoreSoftHalf,
    /// Without this guard, two functions with one name, or with keys that overlap, both use Redis,
    /// where each function may read the entries of the second function.
    ShareNames,
    /// Without this guard, a handle of a region continues to use the memory that the region had
    /// when the handle was made.
    KeepRegionMemory,
    /// Without this guard, a thread's table (L0) serves a value although the value's entry in
    /// memory was replaced or removed.
    KeepAtHand,
    /// Without this guard, a thread's table (L0) serves a value without a check, although something
    /// was invalidated after the last check of the value.
    TrustAtHand,
    /// Without this guard, a value enters a thread's table (L0) with the generation of its key (a
    /// counter of changes in the memory engine) from after the look-up of the entry, instead of the
    /// generation from before the look-up.
    StampLate,
    /// Without this guard, the circuit breaker stays closed, whatever number of requests to Redis
    /// fail.
    NoBreaker,
    /// Without this guard, each request of a call to Redis may take as long as all requests of the
    /// call together are allowed to take (`redis_timeout`).
    FreshBudget,
    /// Without this guard, a call returns a stale value in place of a new one, although the stale
    /// value was invalidated.
    ServeInvalidated,
    /// Without this guard, a refresh computes without asking Redis for the lease, which another
    /// process may hold.
    RefreshWithoutLease,
    /// Without this guard, a hit near the end of its entry asks Redis for the lease again and
    /// again, although another process refreshes the entry.
    ForgetRefreshes,
    /// Without this guard, the leader of a refresh computes although another refresh of the key
    /// failed between the decision to refresh and the start of the refresh.
    IgnorePause,
    /// Without this guard, the messages that a cache still has to send are lost when its last
    /// handle is dropped.
    LeaveUntold,
    /// Without this guard, a cache uses a server that does not report its data set, as if the
    /// server still had the data set that it reported before.
    BelieveUnknown,
    /// Without this guard, a cache continues to use a connection to Redis that has returned the
    /// entry of another key.
    KeepSuspect,
    /// Without this guard, a computation may take any time, although its function has a `timeout`.
    NoDeadline,
    /// Without this guard, any number of computations of a function may run at once, although the
    /// function has `max_computations`.
    NoGate,
    /// Without this guard, a computation keeps its permit until it ends, and does not release the
    /// permit when it is as old as `lock_timeout` (the longest wait of other calls for it).
    KeepPlace,
    /// Without this guard, a computation that is called from a computation of the same function
    /// waits for a second permit, which may never be free.
    GateItself,
    /// Without this guard, a call keeps its permit while it waits for the computation of another
    /// call.
    PlaceWhileWaiting,
    /// Without this guard, a computation whose caller is gone releases its permit when it is as old
    /// as `lock_timeout` (the longest wait of other calls for it), instead of keeping the permit to
    /// the end.
    LeavePlace,
    /// Without this guard, a dropped call continues as a detached computation, although its
    /// computation has not begun or belongs to another call.
    DetachUnbegun,
    /// Without this guard, a detached computation may take any time after its caller is gone.
    DetachForEver,
    /// Without this guard, a computation becomes detached although it panicked, or although its
    /// caller unwinds because of a panic.
    DetachUnwinding,
    /// Without this guard, a cache starts background work even after its shutdown.
    NeverClosed,
    /// Without this guard, a request to Redis times out as soon as its time is over, without a last
    /// look for a reply that arrived while the process was suspended.
    NoLastLook,
    /// Without this guard, a task that sends batches ends after one batch, and does not send the
    /// batch that callers joined meanwhile.
    AskOnce,
    /// Without this guard, an invalidation in a batch returns before the store has answered the
    /// batch.
    AnswerUnsent,
    /// Without this guard, a flight leaves the table of flights before its outcome is set.
    RemoveBeforeOutcome,
    /// Without this guard, a flight that ends removes the current flight of its key from the table,
    /// even if the current flight is a newer flight.
    RemoveAnyFlight,
    /// Without this guard, an invalidation does not invalidate the outcome of a flight that is
    /// about to be stored in memory.
    SpareOutcome,
    /// Without this guard, a call may join a computation of another function, or of no function, if
    /// both keys have the same text.
    JoinAnother,
    /// Without this guard, a waiter becomes the leader of a flight that was removed from the table
    /// of flights, although no further call can join that flight and its value cannot be stored.
    LeadGrounded,
    /// Without this guard, a value that leaves an engine (the library that keeps entries in memory)
    /// is dropped while the engine holds its locks.
    DropLocked,
    /// Without this guard, an invalidation of a tag, an event, a function or everything does not
    /// remove a remembered error; only an invalidation of the error's key does.
    FreeErrors,
    /// Without this guard, an invalidation of a key leaves the key's entry in a memory that belongs
    /// to a single function or region.
    SpareRooms,
    /// Without this guard, the cache counts the uses of keys from samples at equal distances,
    /// instead of random distances.
    EvenSamples,
    /// Without this guard, all keys that are too long for a name in Redis get the same hash in
    /// their shortened names.
    OneHash,
    /// Without this guard, a reader of an entry in Redis does not check that the entry belongs to
    /// the reader's key.
    TrustName,
    /// Without this guard, the tasks of the shared tier are not begun again when the runtime that
    /// drove them has ended or stands still.
    KeepEndedHome,
    /// Without this guard, a write leaves no mark in Redis before it begins.
    NoIntent,
    /// Without this guard, the mark of a dead process's write is removed after its first round,
    /// although the data source may decide the commit later.
    SweepOnce,
    /// Without this guard, all writes of a process that invalidate equal names share one mark,
    /// which the write that ends first removes.
    OneMarkPerName,
    /// Without this guard, the mark of a write is removed before the names that the write
    /// invalidates.
    UnmarkFirst,
    /// Without this guard, a process serves from Redis before it has carried out the marks of dead
    /// processes.
    SweepLate,
    /// Without this guard, a node of a cache with encryption keys sends its messages unencrypted.
    SpeakOpenly,
    /// Without this guard, an encrypted entry is not bound to its name in Redis, so that an entry
    /// that somebody moved to another key opens there.
    OpenAnywhere,
    /// Without this guard, a reader accepts an entry in clear although the entry's function is
    /// encrypted.
    TrustClear,
    /// Without this guard, a cache with encryption keys carries out queued writes in clear, and
    /// serves their values.
    TrustClearWrite,
    /// Without this guard, a process does not listen to the sentinels, and stays with an old master
    /// for as long as that server takes writes.
    IgnoreSwitch,
    /// Without this guard, the connection for messages does not check that its server is the master.
    TrustSentinel,
    /// Without this guard, an invalidation in a moving slot of a Redis Cluster removes the version of
    /// a key before the key's entry.
    VersionFirst,
    /// Without this guard, a process reads from a master of a Redis Cluster that takes no writes.
    ReadUnchecked,
}
