//! One call's questions to the store: for the entry, then for the right to compute it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::backfill::lease;
use crate::backfill::lease::{LeaseGuard, LeaseState, version_life};
use crate::backfill::validate::{L2Lookup, Validated};
use crate::base::clock::Tick;
use crate::base::fault::removed;
use crate::encoding::envelope::Token;
use crate::l2::bus::lease_waiters::LeaseWaiter;
use crate::l2::entry_keys::guards;
use crate::l2::tier::SharedTier;
use crate::model::config::SingleFlight;
use crate::model::entry::MemoryEntry;
use crate::read::call::{Call, L1State};
use crate::read::l2_lookup::budget::StoreBudget;
use crate::read::permit::ComputePermit;
use crate::return_type::erased_ops::ValueOps;
use crate::store::key_name::StoreKey;
use crate::store::port::{AcquireRequest, Acquired, Failure, FencingToken, TokenKind};

/// While another computes, it is asked again after so long, and then twice as long.
const FIRST_POLL: Duration = Duration::from_millis(50);
const LONGEST_POLL: Duration = Duration::from_millis(500);

/// An entry that the store calls good and this reader cannot use is offered only so often.
const MAX_OFFERS: usize = 3;

/// One call's way through the store.
pub(crate) struct Acquire<'a> {
    call: &'a Call,
    lookup: &'a L2Lookup<'a>,
    ops: &'a ValueOps,
    /// Whether other processes' computations are waited for.
    is_shared: bool,
    request_state: OnceLock<RequestState>,
}

/// What only who asks for the right to compute needs.
struct RequestState {
    holder: Token,
    guards: Vec<StoreKey>,
    /// Entered before the first such question, so that no message is missed.
    waiter: Option<LeaseWaiter>,
}

impl<'a> Acquire<'a> {
    pub(crate) fn new(call: &'a Call, lookup: &'a L2Lookup<'a>, ops: &'a ValueOps) -> Self {
        let single_flight = lookup
            .options
            .single_flight
            .unwrap_or(SingleFlight::Cluster);
        // Who recomputes whatever is there waits for nobody.
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
        let enter = || lookup.l2.bus.lease_waiters.enter(&lookup.keys.entry);
        self.request_state.get_or_init(|| RequestState {
            holder: Token::random(),
            guards: guards(lookup.owner),
            waiter: self.is_shared.then(enter),
        })
    }

    pub(crate) async fn run(&self, permit: &mut ComputePermit) -> Result<Fetched, Failure> {
        let mut budget = StoreBudget::new(self.lookup);
        let mut poll = FIRST_POLL;
        let mut offers = 0;
        let mut expects_miss = self.call.l1_state == L1State::Expired;
        loop {
            let outcome = match self.attempt(expects_miss, &mut budget, permit).await? {
                Lookup::Hit(stored) => {
                    if !self.ops.answers(stored.shared()) {
                        return Ok(Fetched::Compute(LeaseState::None));
                    }
                    self.lookup.owner.counts.redis_hits.bump();
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

    /// For a call that has a value already: where another computes, it ends with that.
    fn keep_old(&self, outcome: &AcquireOutcome) -> Option<Fetched> {
        let AcquireOutcome::Held(left) = outcome else {
            return None;
        };
        let old = self.call.old_value(self.ops)?;
        self.call.note_computed_elsewhere(*left);
        Some(Fetched::KeepOld(old))
    }

    /// What a good entry is to this call.
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

    /// What an entry is to this call that is over.
    fn on_stale(&self, stored: Arc<MemoryEntry>, token: Token) -> Result<Lookup, Rejected> {
        let call = self.call;
        let now = Tick::now(&*call.core.clock);
        if call.is_detachable && call.old.is_none() && stored.freshness_now().is_stale(now) {
            return Ok(Lookup::Refresh(stored, None));
        }
        call.remember_stale(&stored);
        Err(Rejected::expired(token))
    }

    /// Reads, and asks for the right to compute if that is of no use.
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
        // To look alone takes no permit, so nobody waits for one who may find the value.
        let (found, outcome) = if expects_miss && permit.try_acquire() {
            let request = self.acquire_request();
            let lease = self.lease_request(&request);
            let answer = store.read_or_acquire(query, &request, start.until).await;
            let (found, acquired) = lease.answered(answer)?;
            // Before anything else: dropped, the lease is given back.
            (found, Some(self.acquire_outcome(acquired, &request)))
        } else {
            (store.read(query, start.until).await?, None)
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

    /// Waits for a permit before the lease is asked for.
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
            // The token is not known, and not needed to give a lease back.
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

    /// Who wants the lease, if it is wanted: not by one who has waited long enough.
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

    /// Waits for the other's lease to end, for at most `longest`.
    async fn wait(&self, longest: Duration) {
        let Some(waiter) = &self.request_state().waiter else {
            return;
        };
        self.lookup.l2.counts.waits.bump();
        let wait_budget = self.call.wait_budget().left();
        // A little longer: a lease that ends now may be found out only by the next question.
        let longest = (longest + Duration::from_millis(1)).min(wait_budget);
        let _ = timeout(longest, waiter.woken()).await;
    }
}

/// What is there and is not to be offered again, by its token.
struct Rejected {
    token: Option<Token>,
    /// Its fresh life is over: if the store cannot tell, because a version says so, it is told.
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

/// What one question gave.
enum Lookup {
    Hit(Arc<MemoryEntry>),
    /// To be served, and then computed again.
    Refresh(Arc<MemoryEntry>, Option<Duration>),
    Miss(AcquireOutcome),
}

/// [`Acquired`], with the obligation that comes with a grant.
enum AcquireOutcome {
    Filled,
    Held(Duration),
    Granted(Box<LeaseGuard>),
}

/// A lease that was asked for. Dropped before it is known that it was not given, it is given
/// back: the caller went away, or the answer got lost, and others would wait for nobody.
struct LeaseRequest<'a> {
    l2: &'a Arc<SharedTier>,
    fencing_token: Option<FencingToken>,
}

impl LeaseRequest<'_> {
    fn answered<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        if !answer.as_ref().is_err_and(Failure::is_ambiguous) {
            self.fencing_token = None;
        }
        answer
    }
}

impl Drop for LeaseRequest<'_> {
    fn drop(&mut self) {
        if let Some(fencing_token) = self.fencing_token.take() {
            lease::release(self.l2, fencing_token);
        }
    }
}

/// What the store made of a call.
pub(crate) enum Fetched {
    Hit(Arc<MemoryEntry>),
    /// Another process computes; the call keeps what it has.
    KeepOld(Arc<MemoryEntry>),
    /// It is to be served, and then computed again: it is over, or was drawn so long before
    /// its end.
    Refresh(Arc<MemoryEntry>, Option<Duration>),
    /// To be computed.
    Compute(LeaseState),
}
