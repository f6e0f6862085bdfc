//! The requests of one call to L2: for the entry, and then for the lease to compute the entry.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::backfill::lease;
use crate::backfill::lease::{LeaseGuard, LeaseState, version_life};
use crate::backfill::lookup::L2Lookup;
use crate::backfill::validate::Validated;
use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::encoding::envelope::Token;
use crate::l2::bus::lease_waiters::LeaseWaiter;
use crate::l2::entry_keys::guards;
use crate::model::config::SingleFlight;
use crate::model::entry::MemoryEntry;
use crate::read::call::{Call, L1State};
use crate::read::l2_lookup::budget::StoreBudget;
use crate::read::l2_lookup::lease_request::LeaseRequest;
use crate::read::permit::ComputePermit;
use crate::return_type::erased_ops::ValueOps;
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::key_name::StoreKey;
use crate::store::port::{AcquireRequest, Acquired, TokenKind};

/// First pause between two reads of the entry in L2 while another process computes the entry. Each
/// further pause is twice as long as the pause before.
const FIRST_POLL: Duration = Duration::from_millis(50);
/// Longest pause between two reads of the entry in L2 while another process computes the entry.
const LONGEST_POLL: Duration = Duration::from_millis(500);

/// Number of times that the call reads the entry again because L2 answered a request for the lease
/// with "an entry exists". After that number, the call computes without a lease.
const MAX_OFFERS: usize = 3;

/// The look-up of one call in L2. The look-up ends with a value, with a lease to compute, or with
/// neither of the two.
pub(crate) struct Acquire<'a> {
    call: &'a Call,
    lookup: &'a L2Lookup<'a>,
    ops: &'a ValueOps,
    /// `true` if the call waits for other processes' computations of the entry.
    is_shared: bool,
    request_state: OnceLock<RequestState>,
}

/// State for requests for the lease, created at the first such request.
struct RequestState {
    holder: Token,
    guards: Vec<StoreKey>,
    /// Waiter for the end of another process's lease on the entry, registered before the first
    /// request for the lease, so that no wake-up is missed. `None` if the call waits for no other
    /// process.
    waiter: Option<LeaseWaiter>,
}

impl<'a> Acquire<'a> {
    pub(crate) fn new(call: &'a Call, lookup: &'a L2Lookup<'a>, ops: &'a ValueOps) -> Self {
        let single_flight = lookup
            .options
            .single_flight
            .unwrap_or(SingleFlight::Cluster);
        // A forced computation waits for no other process.
        let is_shared = single_flight == SingleFlight::Cluster && !call.force_refresh;
        Self {
            call,
            lookup,
            ops,
            is_shared,
            request_state: OnceLock::new(),
        }
    }

    fn request_state(&self) -> &RequestState {
        let lookup = self.lookup;
        let enter = || lookup.l2.bus.lease_waiter(&lookup.keys.entry);
        self.request_state.get_or_init(|| RequestState {
            holder: Token::random(),
            guards: [guards(lookup.owner), lookup.keys.beside.clone()].concat(),
            waiter: self.is_shared.then(enter),
        })
    }

    /// Repeats the look-up until the call has a value or a lease, or computes without a lease.
    pub(crate) async fn run(&self, permit: &mut ComputePermit) -> Result<Fetched, Failure> {
        let mut budget = StoreBudget::new(self.lookup);
        let fetched = self.repeat(&mut budget, permit).await;
        self.call.keep_store_time(budget.left());
        fetched
    }

    async fn repeat(
        &self,
        budget: &mut StoreBudget,
        permit: &mut ComputePermit,
    ) -> Result<Fetched, Failure> {
        let mut poll = FIRST_POLL;
        let mut offers = 0;
        let recent_lookups = &self.lookup.owner.recent_lookups;
        let mut is_typical = self.is_typical();
        let mut expects_miss = if is_typical {
            recent_lookups.expects_miss()
        } else {
            self.call.l1_state == L1State::Expired
        };
        loop {
            let attempt = self.attempt(expects_miss, budget, permit).await;
            if std::mem::take(&mut is_typical) {
                recent_lookups.record(matches!(attempt, Ok(Lookup::Miss(_))));
            }
            let outcome = match attempt? {
                Lookup::Hit(stored) => {
                    if !self.ops.answers(stored.shared()) {
                        return Ok(Fetched::Compute(LeaseState::None));
                    }
                    self.call.count_l2_hit(&stored);
                    return Ok(Fetched::Hit(stored));
                }
                Lookup::Refresh(stored, advance) => {
                    if !self.ops.answers(stored.shared()) {
                        return Ok(Fetched::Compute(LeaseState::None));
                    }
                    let counts = &self.lookup.owner.counts;
                    if advance.is_some() {
                        counts.redis_hits.bump();
                    } else if !self.call.is_detachable {
                        counts.stale_hits.bump();
                    }
                    stored.count_age(1, Tick::now(&*self.call.core.clock));
                    return Ok(Fetched::Refresh(stored, advance));
                }
                Lookup::Miss(outcome) => outcome,
            };
            if let Some(old) = self.keep_old(&outcome) {
                return Ok(old);
            }
            match outcome {
                AcquireOutcome::Granted(lease) => {
                    return Ok(Fetched::Compute(LeaseState::Granted(lease)));
                }
                AcquireOutcome::Filled if offers < MAX_OFFERS => {
                    offers += 1;
                    expects_miss = false;
                }
                AcquireOutcome::Filled => return Ok(Fetched::Compute(LeaseState::None)),
                AcquireOutcome::Held(left) => {
                    budget.pause(self.call.wait_budget());
                    permit.release_while_waiting(self.call);
                    self.wait(left.min(poll)).await;
                    poll = (poll * 2).min(LONGEST_POLL);
                    expects_miss = true;
                }
            }
        }
    }

    /// Returns `true` if the outcome of this look-up says something about further look-ups of the
    /// function. A refresh and a call that knows the end of the entry find what they expect.
    fn is_typical(&self) -> bool {
        let call = self.call;
        call.old.is_none() && !call.force_refresh && call.l1_state != L1State::Expired
    }

    /// Returns the value that this call, a refresh, already has, if another process computes the
    /// entry. The refresh then ends with that value. Returns `None` if no other process computes
    /// the entry, or if this call is no refresh.
    fn keep_old(&self, outcome: &AcquireOutcome) -> Option<Fetched> {
        let AcquireOutcome::Held(left) = outcome else {
            return None;
        };
        let old = self.call.old_value(self.ops)?;
        self.call.note_computed_elsewhere(*left);
        Some(Fetched::KeepOld(old))
    }

    /// Decides how the call uses a fresh entry in L2: as a hit, or as a hit with a refresh after
    /// it. If this call is itself the refresh of that entry, returns the entry as `Rejected`.
    fn on_fresh(&self, stored: Arc<MemoryEntry>, token: Token) -> Result<Lookup, Rejected> {
        let core = &self.call.core;
        if self.call.old.is_some() {
            let is_due = self.call.needs_refresh_too(&stored);
            self.call.remember_stale(&stored);
            return if is_due {
                Err(Rejected::alive(Some(token)))
            } else {
                Ok(Lookup::Hit(stored))
            };
        }
        let now = Tick::now(&*core.clock);
        Ok(match core.draw_advance(&stored, now) {
            Some(advance) => Lookup::Refresh(stored, Some(advance)),
            None => Lookup::Hit(stored),
        })
    }

    /// Decides how the call uses a stale entry in L2. If this call can continue in the background,
    /// the entry is served and refreshed. Otherwise the entry is kept as a stale value for a
    /// failure of the computation, and returned as `Rejected`.
    fn on_stale(&self, stored: Arc<MemoryEntry>, token: Token) -> Result<Lookup, Rejected> {
        let call = self.call;
        let now = Tick::now(&*call.core.clock);
        let may_serve = call.is_detachable && !call.takes_nothing_old;
        if may_serve && call.old.is_none() && stored.freshness_now().is_stale(now) {
            return Ok(Lookup::Refresh(stored, None));
        }
        call.remember_stale(&stored);
        Err(Rejected::expired(token))
    }

    /// Reads the entry from L2, and requests the lease if the entry cannot be used. If the call
    /// expects that L2 has no usable entry (`expects_miss`), and gets a free permit, one request to
    /// L2 does both.
    async fn attempt(
        &self,
        expects_miss: bool,
        budget: &mut StoreBudget,
        permit: &mut ComputePermit,
    ) -> Result<Lookup, Failure> {
        if self.call.force_refresh {
            self.acquire_permit(budget, permit).await;
        }
        let start = self.lookup.started(budget.until());
        let store = &self.lookup.l2.store;
        let query = self.lookup.keys.query(self.lookup.owner);
        if self.call.force_refresh {
            let outcome = self.acquire(&self.acquire_request(), start.until).await?;
            return Ok(Lookup::Miss(outcome));
        }
        // A read takes no permit, so a call that may find the value in L2 does not wait for a
        // permit.
        let (found, outcome) = if expects_miss && permit.try_acquire() {
            let request = self.acquire_request();
            let lease = self.lease_request(&request);
            let answer = store.read_or_acquire(query, &request, start.until).await;
            let (found, acquired) = lease.answered(answer)?;
            // The outcome is made before anything else, so that dropping this future releases the
            // lease.
            (found, Some(self.acquire_outcome(acquired, &request)))
        } else {
            let read = self.lookup.read(self.call.is_taken, start.until);
            (read.await?, None)
        };
        let result = match self.lookup.validate(self.ops, &found, start).await? {
            Validated::Fresh(stored, fill) => self.on_fresh(stored, fill),
            Validated::Stale(stored, fill) => self.on_stale(stored, fill),
            Validated::Rejected(token) => Err(Rejected::alive(token)),
        };
        let rejected = match result {
            Ok(result) => return Ok(result),
            Err(rejected) => rejected,
        };
        Ok(Lookup::Miss(match outcome {
            Some(outcome) if !matches!(outcome, AcquireOutcome::Filled) => outcome,
            _ => {
                self.acquire_permit(budget, permit).await;
                let request = AcquireRequest {
                    rejected_token: rejected.token,
                    ends_rejected: rejected.is_expired,
                    ..self.acquire_request()
                };
                self.acquire(&request, budget.until()).await?
            }
        }))
    }

    /// Waits for a permit to compute. The call must have a permit before it requests the lease.
    async fn acquire_permit(&self, budget: &mut StoreBudget, permit: &mut ComputePermit) {
        if !permit.try_acquire() {
            budget.pause(self.call.wait_budget());
            Box::pin(permit.acquire(self.call)).await;
        }
    }

    async fn acquire(
        &self,
        request: &AcquireRequest,
        until: Instant,
    ) -> Result<AcquireOutcome, Failure> {
        let query = self.lookup.keys.query(self.lookup.owner);
        let lease = self.lease_request(request);
        let answer = self.lookup.l2.store.acquire(query, request, until).await;
        Ok(self.acquire_outcome(lease.answered(answer)?, request))
    }

    fn lease_request(&self, request: &AcquireRequest) -> LeaseRequest<'_> {
        LeaseRequest {
            l2: self.lookup.l2,
            // The request does not contain the fencing token, and a release of the lease does not
            // need the token.
            fencing_token: request.holder.map(|holder| FencingToken {
                entry: self.lookup.keys.entry.clone(),
                token: holder,
                holder: Some(holder),
            }),
        }
    }

    fn acquire_outcome(&self, acquired: Acquired, request: &AcquireRequest) -> AcquireOutcome {
        match acquired {
            Acquired::Filled => AcquireOutcome::Filled,
            Acquired::Held(left) => AcquireOutcome::Held(left),
            Acquired::Granted(grant) => {
                let (l2, keys) = (self.lookup.l2, self.lookup.keys.clone());
                let guards = self.request_state().guards.clone();
                let lease = LeaseGuard::new(l2, keys, guards, grant, request.holder);
                AcquireOutcome::Granted(Box::new(lease))
            }
        }
    }

    /// Returns the token by which L2 knows the holder of the lease. Returns `None` if the call
    /// requests no lease, because the call does not wait for other processes or has waited long
    /// enough.
    fn holder_token(&self) -> Option<Token> {
        let is_alone = self.call.old.is_some() && removed!(self.call.core, RefreshWithoutLease);
        let waits = self.is_shared && !self.call.wait_budget().is_over() && !is_alone;
        waits.then(|| self.request_state().holder)
    }

    fn acquire_request(&self) -> AcquireRequest {
        AcquireRequest {
            holder: self.holder_token(),
            lease_times: lease::lease_times(self.call.lock_timeout()),
            rejected_token: None,
            ends_rejected: false,
            force: self.call.force_refresh,
            token: TokenKind::Shared,
            any_origin: self.lookup.l2.accepts_any_origin(),
            guards: self.request_state().guards.clone(),
            version_life: version_life(self.call.longest_life()),
        }
    }

    /// Waits for the end of the lease that another process has on the entry, for at most `longest`
    /// plus one millisecond.
    async fn wait(&self, longest: Duration) {
        let Some(waiter) = &self.request_state().waiter else {
            return;
        };
        let log = self.call.core.call_log();
        log.waits_for_process(&self.lookup.owner.name, &self.call.key);
        self.lookup.l2.counts.waits.bump();
        self.lookup.owner.counts.lease_waits.bump();
        let wait_budget = self.call.wait_budget().left();
        // The wait is a little longer than `longest`, because a lease that ends now may still exist
        // at the next request.
        let longest = (longest + Duration::from_millis(1)).min(wait_budget);
        let _ = timeout(longest, waiter.woken()).await;
    }
}

/// An entry in L2 that this call cannot use. The request for the lease contains the token of the
/// entry, so that L2 does not offer that entry again.
struct Rejected {
    token: Option<Token>,
    /// `true` if the rejected entry is no longer fresh. If a soft invalidation of a version ended
    /// the fresh life, L2 does not notice that end, so the request for the lease passes this flag
    /// to L2.
    is_expired: bool,
}

impl Rejected {
    fn alive(token: Option<Token>) -> Self {
        Self {
            token,
            is_expired: false,
        }
    }

    fn expired(token: Token) -> Self {
        Self {
            token: Some(token),
            is_expired: true,
        }
    }
}

/// The result of one attempt to read the entry from L2 or to get the lease.
enum Lookup {
    Hit(Arc<MemoryEntry>),
    /// The entry is served, and recomputed after that. The `Duration` is the time before the
    /// entry's end from which early expiration recomputes the entry, or `None` if the entry is
    /// stale.
    Refresh(Arc<MemoryEntry>, Option<Duration>),
    Miss(AcquireOutcome),
}

/// The answer of L2 to a request for the lease, as in [`Acquired`], with a `LeaseGuard` that
/// releases a granted lease on drop.
enum AcquireOutcome {
    Filled,
    Held(Duration),
    Granted(Box<LeaseGuard>),
}

/// The result of a call's look-up in L2.
pub(crate) enum Fetched {
    Hit(Arc<MemoryEntry>),
    /// Another process computes the entry, and this call, a refresh, ends with the value that the
    /// call already has.
    KeepOld(Arc<MemoryEntry>),
    /// The value is served, and recomputed after that. The `Duration` is the time before the
    /// value's end from which early expiration recomputes the value, or `None` if the value is
    /// stale.
    Refresh(Arc<MemoryEntry>, Option<Duration>),
    /// The call computes the value, with a lease or without.
    Compute(LeaseState),
}
