//! The end of a computation: for the caller, for those who wait, and for the tiers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::compute::{Known, Outcome};
use super::fill::Filling;
use super::job::Job;
use super::store::Value;
use super::turn::Access;
use crate::config::Tier;
use crate::event;
use crate::fault::Fault;
use crate::flight::Lead;
use crate::freshness::Life;
use crate::labels::Labels;
use crate::plan::{Plan, Shape, Split};
use crate::stored::AnyStored;
use crate::sync::expect_no_lock;

impl Job {
    /// What a leader owes after its body returned.
    pub(super) fn conclude<S, A>(
        &self,
        lead: Lead<Outcome>,
        plan: Plan<S>,
        mut known: Known,
        after: A,
        ret: S::Ret,
        (access, took): (Access, Duration),
    ) -> S::Ret
    where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
        A: FnOnce(&S::Value, &mut Labels),
    {
        expect_no_lock();
        let split = S::split(ret);
        let early = known.labels.tags.len();
        self.refreshed(!matches!(split, Split::Err(_)));
        match split {
            Split::Some(value) => {
                let prepare = || {
                    after(&value, &mut known.labels);
                    value.clone()
                };
                // The function succeeded: what is only there to store it does not fail the call.
                let Some(copy) = self.caught(prepare) else {
                    return S::some(value);
                };
                if known.labels.tags.len() > early {
                    let late = known.labels.tags[early..].iter();
                    known
                        .epochs
                        .extend(late.map(|tag| self.core.tags.epoch(tag)));
                }
                let ret = S::some(copy);
                let heap = self.core.heap(|| plan.weigh(&value));
                let value = Value {
                    content: Some(value),
                    heap,
                    order: None,
                    took,
                };
                self.settle(lead, plan, known, value, access);
                ret
            }
            Split::None => {
                let absence = Value {
                    content: None,
                    heap: 0,
                    order: None,
                    took,
                };
                self.settle(lead, plan, known, absence, access);
                // A shape that can be split into `None` can be made of it.
                S::none().unwrap_or_else(|| unreachable!("an absence without a form"))
            }
            Split::Err(error) => {
                self.owner.counts.errors.bump();
                // Others need not wait for this one any longer.
                drop(access);
                if let Some((stored, ret)) = self.rescue::<S>() {
                    lead.settle(Outcome::Instead(stored), || {});
                    return ret;
                }
                match self.caught(|| plan.share(&error)).flatten() {
                    Some(shared) => self.fail(lead, known, shared),
                    None => lead.leave_wider(),
                }
                S::err(error)
            }
        }
    }

    /// What the user's `code` gives; `None` if it panics, which is told.
    fn caught<T>(&self, code: impl FnOnce() -> T) -> Option<T> {
        let given = catch_unwind(AssertUnwindSafe(code));
        given
            .inspect_err(|_| event::not_kept(&self.owner.name))
            .ok()
    }

    fn settle<S>(
        &self,
        lead: Lead<Outcome>,
        plan: Plan<S>,
        Known { labels, epochs }: Known,
        value: Value<S::Value>,
        access: Access,
    ) where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
    {
        let core = &self.core;
        let mut began = lead.leadership.moment;
        if core.faults.has(Fault::EpochsAfterCompute) {
            began = core.tags.now();
        }
        let took = value.took;
        let ttl = core.ttl(self.lives, &labels, value.content.is_some());
        let (owner, key, lives) = (&self.owner, &self.key, self.lives);
        let stored = core.stored(owner, key, began, epochs, lives, ttl.map(Life::from), value);
        let Some(ttl) = ttl else {
            lead.settle(Outcome::Value(stored), || {});
            return;
        };
        if self.land(lead, Arc::clone(&stored)) {
            self.owner.counts.stores.bump();
            self.fill(plan, labels, (ttl, took), stored, access);
        } else {
            self.owner.counts.refused_stores.bump();
            event::store_refused(&self.owner.name, &self.key);
        }
    }

    /// Ends the flight with `stored`, and puts it into memory if it may be kept; says so.
    pub(super) fn land(&self, lead: Lead<Outcome>, stored: Arc<AnyStored>) -> bool {
        let core = &self.core;
        let keep = stored.is_valid(core.faults);
        let in_memory = self.lives.tier != Tier::Redis;
        let landed = lead.settle(Outcome::Value(Arc::clone(&stored)), || {
            if keep && in_memory {
                core.insert(&self.key, stored);
            }
        });
        keep && landed
    }

    /// Hands the value on to the store.
    fn fill<S>(
        &self,
        plan: Plan<S>,
        labels: Labels,
        (ttl, took): (Duration, Duration),
        stored: Arc<AnyStored>,
        access: Access,
    ) where
        S: Shape,
        S::Value: Clone + Send + Sync + 'static,
    {
        match (access, plan.wire()) {
            (Access::Granted(turn), Some(wire)) => {
                let turn = *turn;
                let filling = Filling {
                    took,
                    turn,
                    owner: Arc::clone(&self.owner),
                    key: self.key.clone(),
                    lives: self.lives,
                    labels,
                    ttl,
                    wire,
                    stored,
                    replaces: None,
                };
                filling.in_background(self.is_left());
            }
            (Access::Unseen, Some(_)) => self.core.distrust(&self.key, self.lives),
            _ => {}
        }
    }

    /// The longest that an entry of this call may live.
    pub(super) fn longest_life(&self) -> Duration {
        let ttl = self.lives.ttl.unwrap_or(self.core.config.default_ttl);
        let fresh = self.lives.redis_ttl.map_or(ttl, |most| most.min(ttl));
        fresh.saturating_add(self.lives.window())
    }
}
