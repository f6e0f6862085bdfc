//! A call that missed memory, and its time budget for waiting on others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::clock::Tick;
use crate::coordination::single_flight::table::{Flight, Leadership};
use crate::coordination::single_flight::waiter::{Leader, Waiter};
use crate::core::outcome::Outcome;
use crate::core::state::Core;
use crate::key::Key;
use crate::l1::memory::Snapshot;
use crate::l2::entry_keys::Replica;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;

/// A call that memory could not answer.
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) options: EntryOptions,
    /// Replica that the call reads and computes.
    pub(crate) replica: Replica,
    /// Start of the call, from which its `lock_timeout` counts.
    pub(crate) since: Instant,
    /// Sequence number at the start of the call. The value of an older computation answers the call
    /// only if nothing invalidated that value since its computation began.
    pub(crate) began: SequenceNumber,
    /// `true` if the call computes although a tier may have the value.
    pub(crate) force_refresh: bool,
    /// Knowledge about the entry from the look-up in memory.
    pub(crate) l1_state: L1State,
    /// Snapshot of memory, taken before the look-up.
    pub(crate) seen: Option<Snapshot>,
    /// Value that the call already has. A call with one waits for nobody.
    pub(crate) old: Option<OldValue>,
    /// Leadership of the key's flight, if the call already has it.
    pub(crate) lead: Option<Leader<Outcome>>,
    /// Slot for a stale value that the call finds, if such a value may be served in place of a new
    /// one.
    pub(crate) stale_slot: Option<Arc<StaleSlot>>,
    /// `true` if the call can continue in the background, without its caller.
    pub(crate) is_detachable: bool,
    /// State shared with the guard that continues the computation after its caller is dropped.
    pub(crate) detach_state: Option<Arc<DetachState>>,
}

impl Call {
    /// Creates a call that begins now.
    pub(crate) fn new(core: Arc<Core>, owner: Arc<Owner>, key: Key, options: EntryOptions) -> Self {
        let began = core.now();
        let stale_slot = (!options.window().is_zero()).then(Arc::default);
        let replica = Replica::pick(options, &core.random);
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
            seen: None,
            old: None,
            lead: None,
            stale_slot,
            is_detachable: false,
            detach_state: None,
        }
    }

    /// Creates a call that begins now, after a look-up in memory.
    pub(crate) fn after_miss(
        core: Arc<Core>,
        owner: Arc<Owner>,
        missed: MemoryMiss,
        options: EntryOptions,
    ) -> Self {
        let call = Self::new(core, owner, missed.key, options);
        Self {
            l1_state: missed.l1_state,
            seen: missed.seen,
            ..call.with_old(missed.old.map(|old| *old))
        }
    }

    /// Counts a call that memory could not answer.
    pub(crate) fn count_miss(&self) {
        if self.old.is_none() {
            self.owner.counts.misses.bump();
        }
    }

    /// Returns the longest time that the call waits for other computations.
    pub(crate) fn lock_timeout(&self) -> Duration {
        let own = self.options.lock_timeout;
        own.unwrap_or(self.core.config.lock_timeout)
    }

    /// Returns the budget for waiting on other computations.
    pub(crate) fn wait_budget(&self) -> WaitBudget {
        WaitBudget {
            start: self.since,
            lock_timeout: self.lock_timeout(),
        }
    }

    /// Returns the leadership of a flight that this call leads from `start` on.
    pub(crate) fn leadership(&self, start: Instant) -> Leadership {
        Leadership {
            number: self.core.tags.now(),
            start,
            // With L2, or with a value already, a leader may end without computing.
            computes: self.force_refresh || (self.core.l2.is_none() && self.old.is_none()),
        }
    }

    /// Returns the epochs that the value is known to depend on before it is computed.
    pub(crate) fn epochs(&self, entry_tags: &EntryTags) -> Epochs {
        self.core.epochs(&self.owner, entry_tags)
    }
}

/// Time budget of one call for waiting on other computations, over all its waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitBudget {
    start: Instant,
    lock_timeout: Duration,
}

impl WaitBudget {
    /// Returns the limit of the next wait: the rest of the budget, but no longer than until the
    /// awaited computation is `lock_timeout` old.
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

/// Knowledge about an entry from a look-up in memory that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum L1State {
    /// Nothing is known, or memory was not asked.
    Unknown,
    /// Memory had no entry.
    Absent,
    /// The entry ended: no tier can have it.
    Expired,
}

/// A look-up in memory that gave no answer.
pub(crate) struct MemoryMiss {
    pub(crate) key: Key,
    pub(crate) l1_state: L1State,
    /// Snapshot of memory, taken before the look-up.
    pub(crate) seen: Option<Snapshot>,
    /// Value that early expiration drew, to be recomputed before its end.
    pub(crate) old: Option<Box<OldValue>>,
}

/// A value that a call has, and recomputes.
#[derive(Debug)]
pub(crate) struct OldValue {
    pub(crate) stored: Arc<MemoryEntry>,
    /// Time before its end at which early expiration drew it; `None` if it is stale.
    pub(crate) advance: Option<Duration>,
    /// `true` if the caller was given the value.
    pub(crate) is_delivered: bool,
}

impl OldValue {
    /// Returns `true` if `other` is to be recomputed too: by the same draw, it is due as well.
    pub(crate) fn also_refreshes(&self, other: &MemoryEntry, now: Tick) -> bool {
        self.advance
            .is_some_and(|advance| other.freshness.is_due(now, advance))
    }
}

/// The stale value that a call found in L2, shared by the code that polls the call and the code
/// inside it.
#[derive(Debug, Default)]
pub(crate) struct StaleSlot {
    pub(crate) found: OnceLock<Arc<MemoryEntry>>,
    /// Flight in which the value was found. An invalidation of the key retires it.
    pub(crate) flight: OnceLock<Arc<Flight<Outcome>>>,
    /// `true` if the code that polls the call serves the value at once.
    pub(crate) serve: AtomicBool,
}

impl StaleSlot {
    /// Makes the code that polls the call serve the found value.
    pub(crate) fn serve(&self) {
        self.serve.store(true, Ordering::Release);
    }

    pub(crate) fn to_serve(&self) -> Option<&Arc<MemoryEntry>> {
        let is_to_be = self.serve.load(Ordering::Acquire);
        self.found.get().filter(|_| is_to_be)
    }
}

/// State shared by a computation and the guard of its caller.
#[derive(Debug, Default)]
pub(crate) struct DetachState {
    /// `true` once the body has begun, if its result is for every waiter.
    pub(crate) is_leading: AtomicBool,
    /// `true` once the caller is gone.
    pub(crate) caller_is_gone: AtomicBool,
}
