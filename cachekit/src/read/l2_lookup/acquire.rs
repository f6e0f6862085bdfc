//! One call's questions to the store: for the entry, then for the right to compute it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::backfill::lease;
use crate::backfill::lease::{Access, Turn, version_life};
use crate::backfill::validate::{Judged, Question};
use crate::base::clock::Tick;
use crate::base::fault::Fault;
use crate::encoding::envelope::Token;
use crate::l2::bus::lease_waiters::Waiter;
use crate::l2::entry_keys::guards;
use crate::l2::tier::Remote;
use crate::model::config::SingleFlight;
use crate::model::entry::AnyStored;
use crate::read::call::{Call, L1State};
use crate::read::l2_lookup::budget::StoreBudget;
use crate::read::permit::Admission;
use crate::return_type::erased_ops::ValueOps;
use crate::store::key_name::Name;
use crate::store::port::{Acquired, Ask, Failure, Right, Wanted};

/// While another computes, it is asked again after so long, and then twice as long.
const FIRST_POLL: Duration = Duration::from_millis(50);
const LONGEST_POLL: Duration = Duration::from_millis(500);

/// An entry that the store calls good and this reader cannot use is offered only so often.
const MOST_OFFERS: usize = 3;

/// One call's way through the store.
pub(crate) struct Asking<'a> {
    call: &'a Call,
    question: &'a Question<'a>,
    ops: &'a ValueOps,
    /// Whether other processes' computations are waited for.
    is_shared: bool,
    wish: OnceLock<Wishing>,
}

/// What only who asks for the right to compute needs.
struct Wishing {
    holder: Token,
    guards: Vec<Name>,
    /// Entered before the first such question, so that no message is missed.
    waiter: Option<Waiter>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(call: &'a Call, question: &'a Question<'a>, ops: &'a ValueOps) -> Self {
        let single_flight = question
            .lives
            .single_flight
            .unwrap_or(SingleFlight::Cluster);
        // Who recomputes whatever is there waits for nobody.
        let is_shared = single_flight == SingleFlight::Cluster && !call.force_refresh;
        Self {
            call,
            question,
            ops,
            is_shared,
            wish: OnceLock::new(),
        }
    }

    fn wishing(&self) -> &Wishing {
        let question = self.question;
        let enter = || question.remote.desk.wakes.enter(&question.names.entry);
        self.wish.get_or_init(|| Wishing {
            holder: Token::random(),
            guards: guards(question.owner),
            waiter: self.is_shared.then(enter),
        })
    }

    pub(crate) async fn run(&self, admission: &mut Admission) -> Result<Fetched, Failure> {
        let mut budget = StoreBudget::new(self.question);
        let mut poll = FIRST_POLL;
        let mut offers = 0;
        let mut expects_miss = self.call.l1_state == L1State::Expired;
        loop {
            let taken = match self.ask(expects_miss, &mut budget, admission).await? {
                Step::Hit(stored) => {
                    if !self.ops.answers(stored.shared()) {
                        return Ok(Fetched::Compute(Access::None));
                    }
                    self.question.owner.counts.redis_hits.bump();
                    return Ok(Fetched::Hit(stored));
                }
                Step::Old(stored, advance) => {
                    if !self.ops.answers(stored.shared()) {
                        return Ok(Fetched::Compute(Access::None));
                    }
                    let counts = &self.question.owner.counts;
                    if advance.is_some() {
                        counts.redis_hits.bump();
                    } else if !self.call.is_detachable {
                        counts.stale_hits.bump();
                    }
                    return Ok(Fetched::Old(stored, advance));
                }
                Step::Miss(taken) => taken,
            };
            if let Some(kept) = self.keep(&taken) {
                return Ok(kept);
            }
            match taken {
                Taken::Granted(turn) => {
                    return Ok(Fetched::Compute(Access::Granted(turn)));
                }
                Taken::Filled if offers < MOST_OFFERS => {
                    offers += 1;
                    expects_miss = false;
                }
                Taken::Filled => return Ok(Fetched::Compute(Access::None)),
                Taken::Held(left) => {
                    budget.pause(self.call.wait_budget());
                    admission.step_out(self.call);
                    self.wait(left.min(poll)).await;
                    poll = (poll * 2).min(LONGEST_POLL);
                    expects_miss = true;
                }
            }
        }
    }

    /// For a call that has a value already: where another computes, it ends with that.
    fn keep(&self, taken: &Taken) -> Option<Fetched> {
        let Taken::Held(left) = taken else {
            return None;
        };
        let kept = self.call.old_value(self.ops)?;
        self.call.note_computed_elsewhere(*left);
        Some(Fetched::Kept(kept))
    }

    /// What a good entry is to this call.
    fn good(&self, stored: Arc<AnyStored>, token: Token) -> Result<Step, Useless> {
        let core = &self.call.core;
        if self.call.old.is_some() {
            let is_due = self.call.needs_refresh_too(&stored);
            self.call.remember_stale(&stored);
            return if is_due {
                Err(Useless::but_alive(Some(token)))
            } else {
                Ok(Step::Hit(stored))
            };
        }
        let now = Tick::now(&*core.clock);
        Ok(match core.draw_advance(&stored, now) {
            Some(advance) => Step::Old(stored, Some(advance)),
            None => Step::Hit(stored),
        })
    }

    /// What an entry is to this call that is over.
    fn late(&self, stored: Arc<AnyStored>, token: Token) -> Result<Step, Useless> {
        let call = self.call;
        let now = Tick::now(&*call.core.clock);
        if call.is_detachable && call.old.is_none() && stored.freshness_now().is_stale(now) {
            return Ok(Step::Old(stored, None));
        }
        call.remember_stale(&stored);
        Err(Useless::over(token))
    }

    /// Reads, and asks for the right to compute if that is of no use.
    async fn ask(
        &self,
        expects_miss: bool,
        budget: &mut StoreBudget,
        admission: &mut Admission,
    ) -> Result<Step, Failure> {
        if self.call.force_refresh {
            self.enter(budget, admission).await;
        }
        let asked = self.question.asked(budget.until());
        let store = &self.question.remote.store;
        let place = self.question.names.place(self.question.owner);
        if self.call.force_refresh {
            let taken = self.acquire(&self.request(), asked.until).await?;
            return Ok(Step::Miss(taken));
        }
        // To look alone takes no place, so nobody waits for one who may find the value.
        let (found, taken) = if expects_miss && admission.try_enter() {
            let ask = self.request();
            let wish = self.wish(&ask);
            let answer = store.read_or_acquire(place, &ask, asked.until).await;
            let (found, acquired) = wish.answered(answer)?;
            // Before anything else: dropped, the turn is given back.
            (found, Some(self.taken(acquired, &ask)))
        } else {
            (store.read(place, asked.until).await?, None)
        };
        let step = match self.question.judge(self.ops, &found, asked).await? {
            Judged::Good(stored, fill) => self.good(stored, fill),
            Judged::Late(stored, fill) => self.late(stored, fill),
            Judged::Useless(judged) => Err(Useless::but_alive(judged)),
        };
        let useless = match step {
            Ok(step) => return Ok(step),
            Err(useless) => useless,
        };
        Ok(Step::Miss(match taken {
            Some(taken) if !matches!(taken, Taken::Filled) => taken,
            _ => {
                self.enter(budget, admission).await;
                let ask = Ask {
                    judged: useless.token,
                    ends_judged: useless.is_over,
                    ..self.request()
                };
                self.acquire(&ask, budget.until()).await?
            }
        }))
    }

    /// Waits for a place before the lease is asked for.
    async fn enter(&self, budget: &mut StoreBudget, admission: &mut Admission) {
        if !admission.try_enter() {
            budget.pause(self.call.wait_budget());
            Box::pin(admission.enter(self.call)).await;
        }
    }

    async fn acquire(&self, ask: &Ask, until: Instant) -> Result<Taken, Failure> {
        let place = self.question.names.place(self.question.owner);
        let wish = self.wish(ask);
        let answer = self.question.remote.store.acquire(place, ask, until).await;
        Ok(self.taken(wish.answered(answer)?, ask))
    }

    fn wish(&self, ask: &Ask) -> Wish<'_> {
        Wish {
            remote: self.question.remote,
            // The token is not known, and not needed to give a lease back.
            right: ask.holder.map(|holder| Right {
                entry: self.question.names.entry.clone(),
                token: holder,
                holder: Some(holder),
            }),
        }
    }

    fn taken(&self, acquired: Acquired, ask: &Ask) -> Taken {
        match acquired {
            Acquired::Filled => Taken::Filled,
            Acquired::Held(left) => Taken::Held(left),
            Acquired::Granted(grant) => {
                let (remote, names) = (self.question.remote, self.question.names.clone());
                let guards = self.wishing().guards.clone();
                let turn = Turn::new(remote, names, guards, grant, ask.holder);
                Taken::Granted(Box::new(turn))
            }
        }
    }

    /// Who wants the lease, if it is wanted: not by one who has waited long enough.
    fn lease(&self) -> Option<Token> {
        let is_alone =
            self.call.old.is_some() && self.call.core.faults.has(Fault::RefreshWithoutLease);
        let waits = self.is_shared && !self.call.wait_budget().is_over() && !is_alone;
        waits.then(|| self.wishing().holder)
    }

    fn request(&self) -> Ask {
        Ask {
            holder: self.lease(),
            lives: lease::lives(self.call.lock_timeout()),
            judged: None,
            ends_judged: false,
            regardless: self.call.force_refresh,
            token: Wanted::Shared,
            any_origin: self.question.remote.takes_any_origin(),
            guards: self.wishing().guards.clone(),
            version_life: version_life(self.call.longest_life()),
        }
    }

    /// Waits for the other's lease to end, for at most `longest`.
    async fn wait(&self, longest: Duration) {
        let Some(waiter) = &self.wishing().waiter else {
            return;
        };
        self.question.remote.counts.waits.bump();
        let wait_budget = self.call.wait_budget().left();
        // A little longer: a lease that ends now may be found out only by the next question.
        let longest = (longest + Duration::from_millis(1)).min(wait_budget);
        let _ = timeout(longest, waiter.woken()).await;
    }
}

/// What is there and is not to be offered again, by its token.
struct Useless {
    token: Option<Token>,
    /// Its fresh life is over: if the store cannot tell, because a version says so, it is told.
    is_over: bool,
}

impl Useless {
    fn but_alive(token: Option<Token>) -> Self {
        Self {
            token,
            is_over: false,
        }
    }

    fn over(token: Token) -> Self {
        Self {
            token: Some(token),
            is_over: true,
        }
    }
}

/// What one question gave.
enum Step {
    Hit(Arc<AnyStored>),
    /// To be served, and then computed again.
    Old(Arc<AnyStored>, Option<Duration>),
    Miss(Taken),
}

/// [`Acquired`], with the obligation that comes with a grant.
enum Taken {
    Filled,
    Held(Duration),
    Granted(Box<Turn>),
}

/// A lease that was asked for. Dropped before it is known that it was not given, it is given
/// back: the caller went away, or the answer got lost, and others would wait for nobody.
struct Wish<'a> {
    remote: &'a Arc<Remote>,
    right: Option<Right>,
}

impl Wish<'_> {
    fn answered<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
        if !answer.as_ref().is_err_and(Failure::is_ambiguous) {
            self.right = None;
        }
        answer
    }
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        if let Some(right) = self.right.take() {
            lease::release(self.remote, right);
        }
    }
}

/// What the store made of a call.
pub(crate) enum Fetched {
    Hit(Arc<AnyStored>),
    /// Another process computes; the call keeps what it has.
    Kept(Arc<AnyStored>),
    /// It is to be served, and then computed again: it is over, or was drawn so long before
    /// its end.
    Old(Arc<AnyStored>, Option<Duration>),
    /// To be computed.
    Compute(Access),
}
