//! The entries of one rule: stored responses in the tiers of the cache, with its leases, tokens,
//! tags and epochs.
//!
//! A response is an entry like the value of a cached function. The function is the call of the
//! handler, and the rule is the function's name.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::coordination::frame::{self, Frame};
use crate::core::state::Core;
use crate::global;
use crate::http::other_variants::{OtherVariants, Varied};
use crate::http::stored_response::StoredResponse;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::config::SingleFlight;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::owner::Owner;
use crate::model::owner_index::CachedOwnerIndex;
use crate::model::tags::EntryTags;
use crate::read::call::{Call, DetachState, MemoryMiss, OldValue, StaleSlot};
use crate::read::compute_detached::compute_detachable;
use crate::read::hit::value_in;
use crate::return_type::capabilities::{ErrorIsShared, ValueIsShared};
use crate::return_type::shape::{Fallible, ReturnOps};

/// A stored response, shared by the memory and by all requests that it answers.
pub(crate) type Kept = Arc<StoredResponse>;

/// The future of a request that memory could not answer.
pub(crate) type Fetching = Pin<Box<dyn Future<Output = Result<Kept, GiveUp>> + Send>>;

/// The kind of a computation whose value is a response.
type Kind = Fallible<Kept, GiveUp>;

/// The reason why a call of the handler gave no response to store. All requests that waited for the
/// response are woken at once.
#[derive(Debug, Clone)]
pub(crate) enum GiveUp {
    /// The response is not to be stored.
    Uncacheable,
    /// The handler failed. The requests that waited get its response, if the response may be given
    /// to all of them.
    Failed(Option<Kept>),
    /// The entry under the key is this response, of another variant.
    OtherVariant(Kept),
}

/// The entries of one rule in one cache.
#[derive(Debug)]
pub(crate) struct Entries {
    core: Arc<Core>,
    owner: Arc<Owner>,
    options: EntryOptions,
    owner_index: CachedOwnerIndex,
    other_variants: OtherVariants,
}

/// The result of a look-up in memory.
pub(crate) enum Lookup {
    /// A fresh response.
    Hit(Kept),
    /// Memory has no fresh response.
    Miss(MemoryMiss),
    /// The request bypasses the cache: the cache is off, or the task is inside of `deferred`.
    Bypass,
}

/// A switch by which a call of the handler goes on in the background when its client is gone, even
/// if no other request waits for the response.
#[derive(Debug)]
pub(crate) struct GoesOn(Arc<DetachState>);

impl GoesOn {
    pub(crate) fn set(&self) {
        self.0.is_leading.store(true, Ordering::Release);
    }

    /// Records that the call is about to end without a result although the handler did not fail, so
    /// that the requests that wait get no stale response in place of a result.
    pub(crate) fn give_up(&self) {
        self.0.gave_up.store(true, Ordering::Release);
    }
}

/// The place that the running call of the handler has among the calls for its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallPlace {
    /// `true` if the response is stored and given to the requests that wait. `false` for a call
    /// that runs beside another call.
    pub(crate) leads: bool,
    /// `true` if no client waits for the response: a stale response was served in its place.
    pub(crate) is_refresh: bool,
}

impl CallPlace {
    /// Returns the place of the call that the running code belongs to.
    pub(crate) fn of_running_call() -> Self {
        let frame = frame::current();
        let frame = frame.as_deref();
        Self {
            leads: frame.is_some_and(|frame| frame.flight != 0),
            is_refresh: frame.is_some_and(Frame::is_refresh),
        }
    }
}

/// A response in memory that is no longer fresh.
#[derive(Debug, Clone)]
pub(crate) struct OldResponse {
    entry: Arc<MemoryEntry>,
    pub(crate) kept: Kept,
}

/// A call of the handler for one key.
pub(crate) struct Fetch {
    pub(crate) missed: MemoryMiss,
    pub(crate) tags: EntryTags,
    /// Response with which the request is answered at once, while the handler is called in the
    /// background.
    pub(crate) serve: Option<OldResponse>,
    /// `true` if the handler is called even if a tier has a fresh response.
    pub(crate) force: bool,
    /// `true` if concurrent requests for the key wait for the response to one of them.
    pub(crate) coalesce: bool,
}

/// Place in which a call finds the stale response of the shared tier.
#[derive(Debug, Clone)]
pub(crate) struct StaleFound(Option<Arc<StaleSlot>>);

impl StaleFound {
    /// Returns the stale response that the call found in the shared tier.
    pub(crate) fn response(&self) -> Option<Kept> {
        response_in(self.0.as_ref()?.found.get()?)
    }

    /// Returns the response that the call found, or that another call gave to this call, if that
    /// response is past its end.
    pub(crate) fn response_past_end(&self, entries: &Entries) -> Option<Kept> {
        let entry = self.0.as_ref()?.found.get()?;
        let now = Tick::now(&*entries.core.clock);
        let is_past_end = now >= entry.freshness_now().end;
        is_past_end.then(|| response_in(entry)).flatten()
    }
}

impl Entries {
    pub(crate) fn new(core: Arc<Core>, owner: Arc<Owner>, options: EntryOptions) -> Self {
        Self {
            core,
            owner,
            options,
            owner_index: CachedOwnerIndex::new(),
            other_variants: OtherVariants::default(),
        }
    }

    /// Remembers that the shared tier has `other`, a stale response of another variant, under
    /// `key`.
    pub(crate) fn note_other_variant(&self, key: &[u8], other: &Kept) {
        self.other_variants
            .note(key, &other.vary, self.core.clock.now());
    }

    /// Returns the fields that the response under `key` varies by, with the response's values, if
    /// the shared tier had that response a short time ago and memory does not.
    pub(crate) fn other_variant(&self, key: &[u8]) -> Option<Varied> {
        self.other_variants.get(key, self.core.clock.now())
    }

    /// Looks up a fresh response under `key` in memory.
    pub(crate) fn lookup(&self, key: &[u8]) -> Lookup {
        if !self.core.is_enabled() {
            self.core.note_bypass(&self.owner);
            return Lookup::Bypass;
        }
        let hit = self
            .core
            .hit_direct(return_ops, key, self.owner.id, &self.owner_index);
        match hit {
            Ok(Ok(kept)) => Lookup::Hit(kept),
            // Errors are not stored, so this is no answer.
            Ok(Err(_)) | Err(None) => {
                self.core.note_bypass(&self.owner);
                Lookup::Bypass
            }
            Err(Some(missed)) => Lookup::Miss(missed),
        }
    }

    /// Counts an answer `304 Not Modified`.
    pub(crate) fn count_not_modified(&self) {
        self.owner.counts.not_modified.bump();
    }

    /// Returns the miss of a request that calls the handler even if memory has a response.
    pub(crate) fn forced(&self, key: &[u8]) -> MemoryMiss {
        self.core.forced_miss(key, self.owner.id)
    }

    /// Returns the response under `key` that memory has, fresh or stale, unless it was invalidated.
    pub(crate) fn old(&self, key: &[u8]) -> Option<OldResponse> {
        let entry = self.core.peek_stale(key, self.owner.id, |_, _| true)?;
        let kept = response_in(&entry)?;
        Some(OldResponse { entry, kept })
    }

    /// Removes the response under `key`, because the handler's newer response is not to be stored.
    pub(crate) async fn remove(&self, key: &[u8]) {
        let targets = InvalidationTargets::key(key);
        self.core.invalidate(targets).accepted().await;
    }

    /// Answers a request that memory could not answer: from the shared tier, by the response that
    /// another request waits for, or by `body`, which calls the handler.
    ///
    /// The future may be dropped: once `body` has begun for other requests too, `body` goes on in
    /// the background.
    pub(crate) fn fetch<F>(
        &self,
        fetch: Fetch,
        body: impl FnOnce(StaleFound, GoesOn) -> F,
    ) -> Fetching
    where
        F: Future<Output = Result<Kept, GiveUp>> + Send + 'static,
    {
        let mut call = self.call(fetch.missed, fetch.serve, fetch.force, fetch.coalesce);
        let goes_on = GoesOn(Arc::clone(call.detach_state.get_or_insert_default()));
        let body = body(StaleFound(call.stale_slot.clone()), goes_on);
        Box::pin(compute_detachable(
            call,
            return_ops,
            fetch.tags,
            add_what_the_response_says,
            body,
            global::carried,
        ))
    }

    fn call(
        &self,
        missed: MemoryMiss,
        serve: Option<OldResponse>,
        force: bool,
        coalesce: bool,
    ) -> Box<Call> {
        let mut options = self.options;
        if !coalesce {
            options.single_flight = Some(SingleFlight::Off);
        }
        let (core, owner) = (Arc::clone(&self.core), Arc::clone(&self.owner));
        let surroundings = self.core.surroundings();
        let mut call = Call::after_miss(core, owner, missed, options, surroundings);
        call.force_refresh |= force;
        if let Some(old) = serve {
            self.owner.counts.misses.bump();
            self.owner.counts.stale_hits.bump();
            old.entry.count_age(1, Tick::now(&*self.core.clock));
            call = call.with_old(Some(OldValue {
                stored: old.entry,
                advance: None,
                is_delivered: true,
            }));
        }
        Box::new(call)
    }
}

fn response_in(entry: &MemoryEntry) -> Option<Kept> {
    value_in::<Kind>(entry)?.ok()
}

/// Adds to the tags of an entry everything that only the response says: the time for which it is
/// fresh, its groups, and the handler's hint.
fn add_what_the_response_says(kept: &Kept, tags: &mut EntryTags) {
    let freshness = &kept.freshness;
    let left = freshness
        .lifetime
        .saturating_sub(freshness.initial_age.saturating_mul(1_000));
    // A response that is never fresh is kept for its validators.
    tags.ttl(Duration::from_millis(left.max(1)));
    for tag in &kept.tags {
        tags.tag_of(tag);
    }
}

fn return_ops() -> ReturnOps<Kind> {
    let ops = ReturnOps::<Kind>::direct();
    let weigh: fn(&Kept) -> usize = |kept| kept.size();
    ops.with((&ops).error_sharing(), Some(weigh))
        .with_sharing((&ops).value_sharing())
}
