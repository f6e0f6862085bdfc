//! One call that missed, and how long it waits for others.

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

/// One call that missed.
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) options: EntryOptions,
    /// Which copy it reads and computes, where there are several.
    pub(crate) replica: Replica,
    /// When the call began to wait.
    pub(crate) since: Instant,
    /// When the call began: nothing older may answer it that was invalidated before.
    pub(crate) began: SequenceNumber,
    /// Recompute although memory could answer.
    pub(crate) force_refresh: bool,
    /// What memory knew of the entry.
    pub(crate) l1_state: L1State,
    /// Of memory, from before the look into it.
    pub(crate) seen: Option<Snapshot>,
    /// What the call has already: then it waits for nobody.
    pub(crate) old: Option<OldValue>,
    /// It leads already.
    pub(crate) lead: Option<Leader<Outcome>>,
    /// What it finds that is over, where that may be served in the place of a new value.
    pub(crate) stale_slot: Option<Arc<StaleSlot>>,
    /// It goes on without its caller, who has been answered if there is an old value.
    pub(crate) is_detachable: bool,
    /// What it tells whoever goes on with it when its caller is gone.
    pub(crate) detach_state: Option<Arc<DetachState>>,
}

impl Call {
    /// A call that begins now.
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

    /// A call that begins now, after a look into memory.
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

    pub(crate) fn lock_timeout(&self) -> Duration {
        let own = self.options.lock_timeout;
        own.unwrap_or(self.core.config.lock_timeout)
    }

    /// How long this call waits for others' computations.
    pub(crate) fn wait_budget(&self) -> WaitBudget {
        WaitBudget {
            start: self.since,
            lock_timeout: self.lock_timeout(),
        }
    }

    /// From `start` on.
    pub(crate) fn leadership(&self, start: Instant) -> Leadership {
        Leadership {
            number: self.core.tags.now(),
            start,
            // Another may first find it in the store.
            computes: self.force_refresh || (self.core.l2.is_none() && self.old.is_none()),
        }
    }

    /// What the value is known to hang on before it is computed.
    pub(crate) fn epochs(&self, entry_tags: &EntryTags) -> Epochs {
        self.core.epochs(&self.owner, entry_tags)
    }
}

/// How long one call waits for others' computations, in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitBudget {
    start: Instant,
    lock_timeout: Duration,
}

impl WaitBudget {
    /// For the next wait: what is left of this call's own time, and no longer than until
    /// the computation waited for is as old as that.
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

/// What a call that memory could not answer knows from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum L1State {
    /// Nothing, or nobody looked.
    Unknown,
    /// There was nothing.
    Absent,
    /// No tier can have the entry.
    Expired,
}

/// A look into memory that found no answer.
pub(crate) struct MemoryMiss {
    pub(crate) key: Key,
    pub(crate) l1_state: L1State,
    /// Of memory, before the look.
    pub(crate) seen: Option<Snapshot>,
    /// An answer that was drawn to be computed again before its end.
    pub(crate) old: Option<Box<OldValue>>,
}

/// What a call has, and computes again.
#[derive(Debug)]
pub(crate) struct OldValue {
    pub(crate) stored: Arc<MemoryEntry>,
    /// How long before its end it was drawn to be computed again; `None`: it is over.
    pub(crate) advance: Option<Duration>,
    /// The caller has it.
    pub(crate) is_delivered: bool,
}

impl OldValue {
    /// Whether `other` is to be computed again too: it is no newer than the draw.
    pub(crate) fn also_refreshes(&self, other: &MemoryEntry, now: Tick) -> bool {
        self.advance
            .is_some_and(|advance| other.freshness.is_due(now, advance))
    }
}

/// What one call found in the store that is over, for those that poll it and those inside.
#[derive(Debug, Default)]
pub(crate) struct StaleSlot {
    pub(crate) found: OnceLock<Arc<MemoryEntry>>,
    /// The flight in which it was found: an invalidation of the key takes it out of the table.
    pub(crate) flight: OnceLock<Arc<Flight<Outcome>>>,
    /// Who polls the call is to be given the value at once.
    pub(crate) serve: AtomicBool,
}

impl StaleSlot {
    /// Whoever polls the call is given what was found.
    pub(crate) fn serve(&self) {
        self.serve.store(true, Ordering::Release);
    }

    pub(crate) fn to_serve(&self) -> Option<&Arc<MemoryEntry>> {
        let is_to_be = self.serve.load(Ordering::Acquire);
        self.found.get().filter(|_| is_to_be)
    }
}

/// What a computation and its caller's guard tell one another.
#[derive(Debug, Default)]
pub(crate) struct DetachState {
    /// The body has begun, and what it gives is for everybody.
    pub(crate) is_leading: AtomicBool,
    /// The caller is gone.
    pub(crate) caller_is_gone: AtomicBool,
}
