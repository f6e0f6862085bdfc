//! A call that missed memory, and the call's time budget for waiting on other computations.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::coordination::frame;
use crate::coordination::frame::Surroundings;
use crate::coordination::refresh_scope::RefreshScope;
use crate::coordination::single_flight::table::{Flight, Leadership};
use crate::coordination::single_flight::waiter::{Leader, Waiter};
use crate::core::observing::CallObserver;
use crate::core::outcome::Outcome;
use crate::core::state::Core;
use crate::key::Key;
use crate::l1::memory::Snapshot;
use crate::l2::entry_keys::Replica;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::miss_cause::{CurrentCause, MissCause};
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;

/// A call of a cached function that memory could not answer: its key, its options and its progress.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each bool has readers of its own"
)]
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) options: Arc<EntryOptions>,
    /// Replica of the entry in Redis that the call reads and computes.
    pub(crate) replica: Replica,
    /// Start of the call. From this time on, the call waits for other calls' computations for at
    /// most `lock_timeout`.
    pub(crate) since: Instant,
    /// Sequence number of the node's last invalidation when the call started. The value of an older
    /// computation answers the call only if nothing has invalidated that value since its
    /// computation began.
    pub(crate) began: SequenceNumber,
    /// `true` if the call computes even if memory or Redis has the value (`refresh`).
    pub(crate) force_refresh: bool,
    /// State of the entry in memory that the call found at its look-up, such as absent or expired.
    pub(crate) l1_state: L1State,
    /// Cause of the call's miss, as far as the tiers that were asked tell.
    pub(crate) cause: CurrentCause,
    /// Snapshot, from before the look-up, of the counters that show changes of memory. By the
    /// snapshot, the call finds out if the key's entry changed since. `None` if the call did not
    /// look for a hit in memory.
    pub(crate) seen: Option<Snapshot>,
    /// Value that the call already has, if the call is a refresh. `None` for every other call. A
    /// refresh waits for no other computation.
    pub(crate) old: Option<OldValue>,
    /// Leadership of the key's flight, if this call is already the leader of that flight. `None`
    /// otherwise.
    pub(crate) lead: Option<Leader<Outcome>>,
    /// Place for a stale value that the call finds in L2. `None` if the call's options allow no
    /// stale value.
    pub(crate) stale_slot: Option<Arc<StaleSlot>>,
    /// `true` if the call's computation can continue in the background, without the caller.
    pub(crate) is_detachable: bool,
    /// State shared with `DetachOnDrop`, the value that continues the computation in the background
    /// after its caller is dropped. `None` if the function has no `detach`, the option for such
    /// computations.
    pub(crate) detach_state: Option<Arc<DetachState>>,
    /// `true` if the call was made inside of a computation, whose entry will depend on the answer.
    pub(crate) is_taken: bool,
    /// `true` if the call takes no stale value, because a refresh that no caller waits for made the
    /// call.
    pub(crate) takes_nothing_old: bool,
    /// Observer of the call's answer. `None` outside of the scopes of observers.
    pub(crate) observer: Option<Arc<CallObserver>>,
    /// Scope of `refresh(future)` in which the call runs. `None` outside of such scopes.
    pub(crate) refresh_scope: Option<Arc<RefreshScope>>,
    /// The time for which the call may still wait for L2 after its look-up there. Empty if it did not
    /// look.
    pub(crate) store_left: OnceLock<Duration>,
}

/// A call that memory did not answer.
///
/// The call is boxed, so that a hit reserves no room for the data of a miss. `None` is a bypass:
/// `when` was false, the call was made by `uncached`, or the cache is off.
pub struct Miss(pub(crate) Option<Box<Call>>);

impl fmt::Debug for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Miss")
    }
}

impl Call {
    /// Creates a call that begins now and has not looked into memory.
    pub(crate) fn new(
        core: Arc<Core>,
        owner: Arc<Owner>,
        key: Key,
        options: impl Into<Arc<EntryOptions>>,
        surroundings: Surroundings,
    ) -> Self {
        let (began, options) = (core.now(), options.into());
        if surroundings.is_recorded() {
            owner.set_taken();
        }
        let takes_nothing_old =
            surroundings.takes_nothing_old() && !removed!(core, RefreshFromStale);
        let stale_slot = (!options.window().is_zero()).then(Arc::default);
        let replica = Replica::pick(&options, &core.random);
        Self {
            core,
            owner,
            key,
            options,
            replica,
            since: Instant::now(),
            began,
            force_refresh: false,
            l1_state: L1State::Unknown,
            cause: CurrentCause::new(MissCause::ABSENT),
            seen: None,
            old: None,
            lead: None,
            stale_slot,
            is_detachable: false,
            detach_state: None,
            is_taken: surroundings.is_recorded(),
            takes_nothing_old,
            observer: None,
            refresh_scope: None,
            store_left: OnceLock::new(),
        }
    }

    /// Keeps `left`, the time for which the call may still wait for L2.
    pub(crate) fn keep_store_time(&self, left: Duration) {
        // A call looks once.
        let _ = self.store_left.set(left);
    }

    /// Returns the time for which the call may still wait for L2, of `timeout` in total.
    pub(crate) fn store_time(&self, timeout: Duration) -> Duration {
        self.store_left.get().copied().unwrap_or(timeout)
    }

    /// Creates a call that begins now, from `missed`, the findings of a look-up in memory that gave
    /// no answer.
    pub(crate) fn after_miss(
        core: Arc<Core>,
        owner: Arc<Owner>,
        missed: MemoryMiss,
        options: impl Into<Arc<EntryOptions>>,
        surroundings: Surroundings,
    ) -> Self {
        let key = missed.key.as_bytes();
        let log = core.call_log();
        log.missed(&owner.name, &missed.key, missed.cause.name());
        let observer = core.observe_call(surroundings, &owner, key);
        let scope = surroundings
            .refreshes()
            .then(frame::refresh_scope)
            .flatten();
        let call = Self::new(core, owner, missed.key, options, surroundings);
        Self {
            l1_state: missed.l1_state,
            cause: CurrentCause::new(missed.cause),
            seen: missed.seen,
            force_refresh: missed.is_forced,
            observer,
            refresh_scope: scope,
            ..call.with_old(missed.old.map(|old| *old))
        }
    }

    /// Counts a miss of memory in the statistics. Does nothing for a refresh, which already has a
    /// value.
    pub(crate) fn count_miss(&self) {
        if self.old.is_none() {
            self.owner.counts.misses.bump();
        }
    }

    /// Returns the longest time for which the call waits for other computations: the function's own
    /// `lock_timeout`, or the cache's `lock_timeout` if the function has none.
    pub(crate) fn lock_timeout(&self) -> Duration {
        let own = self.options.lock_timeout;
        own.unwrap_or(self.core.config.lock_timeout)
    }

    /// Returns the call's time budget for waiting on other computations.
    pub(crate) fn wait_budget(&self) -> WaitBudget {
        WaitBudget {
            start: self.since,
            lock_timeout: self.lock_timeout(),
        }
    }

    /// Returns the start of this call's computation as the leader of its flight: the time `start`,
    /// and the number of the node's last invalidation.
    pub(crate) fn leadership(&self, start: Instant) -> Leadership {
        Leadership {
            number: self.core.tags.now(),
            start,
            // With L2, or with a value already, a leader may end its flight without computing.
            computes: self.force_refresh || (self.core.l2.is_none() && self.old.is_none()),
            refresh_scope: self.refresh_scope.as_ref().map_or(0, |scope| scope.number),
        }
    }

    /// Returns the current epochs on which the value depends, as far as they are known before the
    /// computation. The epochs of value tags are not known yet.
    pub(crate) fn epochs(&self, entry_tags: &EntryTags) -> Epochs {
        self.core.epochs(&self.owner, entry_tags)
    }
}

/// Time budget of one call for waiting on other computations. All waits of the call share the
/// budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitBudget {
    start: Instant,
    lock_timeout: Duration,
}

impl WaitBudget {
    /// Returns the time limit of the call's next wait for another call's computation: the rest of
    /// the time that the call may wait in total, but no longer than until the awaited computation
    /// is as old as `lock_timeout`.
    pub(crate) fn limit(&self, waiter: &Waiter<Outcome>) -> Duration {
        self.left()
            .min(self.lock_timeout.saturating_sub(waiter.age()))
    }

    pub(crate) fn left(&self) -> Duration {
        self.lock_timeout.saturating_sub(self.start.elapsed())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero()
    }
}

/// State of an entry after a look-up in memory that gave no answer: absent, expired or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum L1State {
    /// The call did not look into memory, or the entry in memory says nothing about the entry in
    /// L2.
    Unknown,
    /// Memory had no entry under the key of the call.
    Absent,
    /// The entry in memory has ended or was invalidated, so no tier can have that entry any more.
    Expired,
}

/// The findings of a look-up in memory that gave no answer.
pub(crate) struct MemoryMiss {
    pub(crate) key: Key,
    pub(crate) l1_state: L1State,
    /// Cause of the miss in memory.
    pub(crate) cause: MissCause,
    /// Snapshot, from before the look-up, of the counters that show changes of memory. By the
    /// snapshot, the call finds out if the key's entry changed since. `None` if the call did not
    /// look for a hit in memory.
    pub(crate) seen: Option<Snapshot>,
    /// Fresh value that early expiration chose for a refresh before the value's end. `None` if
    /// memory has no such value.
    pub(crate) old: Option<Box<OldValue>>,
    /// `true` if the call computes even if a tier has a value.
    pub(crate) is_forced: bool,
}

/// A value that a refresh already has, and that the refresh recomputes.
#[derive(Debug)]
pub(crate) struct OldValue {
    pub(crate) stored: Arc<MemoryEntry>,
    /// Random time before the value's end from which early expiration recomputes the value. `None`
    /// if the value is stale.
    pub(crate) advance: Option<Duration>,
    /// `true` if the caller of the cached function already got the value.
    pub(crate) is_delivered: bool,
}

impl OldValue {
    /// Returns `true` if early expiration (the recomputation of entries at random before their end)
    /// also applies to the entry `other`: its end is nearer than the time that was drawn for this
    /// value. Returns `false` if this value is stale.
    pub(crate) fn also_refreshes(&self, other: &MemoryEntry, now: Tick) -> bool {
        self.advance
            .is_some_and(|advance| other.freshness.is_due(now, advance))
    }
}

/// Place for the stale value that a call finds in L2. The computation stores the stale value in
/// this place, and the code that polls the computation reads the value.
#[derive(Debug, Default)]
pub(crate) struct StaleSlot {
    pub(crate) found: OnceLock<Arc<MemoryEntry>>,
    /// Flight in which the stale value was found in L2. An invalidation of the key retires that
    /// flight, and the value is no longer served as a fallback.
    pub(crate) flight: OnceLock<Arc<Flight<Outcome>>>,
    /// `true` if the code that polls the call serves the stale value at once, before the
    /// computation ends.
    pub(crate) serve: AtomicBool,
}

impl StaleSlot {
    /// Makes the code that polls the call return the stale value in this `StaleSlot` as the answer.
    pub(crate) fn serve(&self) {
        self.serve.store(true, Ordering::Release);
    }

    pub(crate) fn to_serve(&self) -> Option<&Arc<MemoryEntry>> {
        let is_to_be = self.serve.load(Ordering::Acquire);
        self.found.get().filter(|_| is_to_be)
    }
}

/// State shared by a computation and the value that continues the computation in the background
/// when its caller is dropped (the option `detach`).
#[derive(Debug, Default)]
pub(crate) struct DetachState {
    /// `true` after the body has begun, if the call leads a flight. Other calls may wait for the
    /// result of such a computation. Also `true` after the body has said that its result is of use
    /// to others.
    pub(crate) is_leading: AtomicBool,
    /// `true` after the caller was dropped, when the computation continues in the background.
    pub(crate) caller_is_gone: AtomicBool,
    /// `true` after the body has said that its error is no failure: no stale value is served in its
    /// place, and a refresh that ends with it has not failed.
    pub(crate) gave_up: AtomicBool,
}
