//! The look-up in L2 after a miss of memory: reads the entry from L2 and, on a miss, acquires the
//! lease to compute the entry.

pub(crate) mod acquire;
pub(crate) mod budget;
pub(crate) mod lease_request;

use crate::backfill::lease::LeaseState;
use crate::backfill::lineage::ask_versions;
use crate::base::trace::call::CallLog;
use crate::core::outcome::Dependencies;
use crate::model::config::Tier;
use crate::model::epoch::SequenceNumber;
use crate::model::miss_cause::MissCause;
use crate::read::call::Call;
use crate::read::l2_lookup::acquire::{Acquire, Fetched};
use crate::read::permit::ComputePermit;
use crate::return_type::erased_ops::ValueOps;
use crate::store::failure::Failure;

impl Call {
    /// Returns the lease state of a computation without L2, if the cache has no L2 or L2 is not
    /// usable now. Returns `None` if the call must ask L2.
    pub(crate) fn skipped_l2(&self) -> Option<LeaseState> {
        let Some(l2) = &self.core.l2 else {
            return Some(LeaseState::None);
        };
        let is_skipped = !l2.is_usable_for(&self.key, self.replica);
        if is_skipped && self.options.tier != Tier::Memory {
            self.cause.set(self.cause.get().without_redis());
        }
        is_skipped.then_some(LeaseState::Unavailable)
    }

    /// Asks L2 for the versions that the entry depends on, if L2 will not store the entry, and
    /// entries of other functions are computed from this entry.
    async fn ask_versions(&self, dependencies: &Dependencies) -> LeaseState {
        let Some(l2) = &self.core.l2 else {
            return LeaseState::None;
        };
        if !self.owner.is_taken() || self.options.tier != Tier::Memory {
            return LeaseState::None;
        }
        let options = (&*self.options, self.core.config.default_ttl);
        let tags = &dependencies.entry_tags;
        let asked = ask_versions(l2, &self.owner, &self.key, tags, options, l2.deadline());
        match asked.await {
            Some(lineage) => LeaseState::VersionsOnly(Box::new(lineage)),
            None => LeaseState::None,
        }
    }

    /// Reports the result of the look-up in L2 to the log of calls.
    fn trace_fetched(&self, fetched: &Result<Fetched, Failure>) {
        let step = match fetched {
            Ok(Fetched::Hit(_) | Fetched::Refresh(..)) => CallLog::found_in_redis,
            Ok(Fetched::Compute(LeaseState::Granted(_))) => CallLog::leased,
            Ok(Fetched::Compute(_)) => CallLog::unleased,
            Ok(Fetched::KeepOld(_)) => CallLog::keeps_old,
            Err(_) => CallLog::redis_failed,
        };
        step(self.core.call_log(), &self.owner.name, &self.key);
    }

    /// Looks the entry up in L2, and waits while another process computes the entry. If L2 fails,
    /// the call computes without a lease.
    pub(crate) async fn fetch_from_l2(
        &self,
        ops: &ValueOps,
        dependencies: &Dependencies,
        began: SequenceNumber,
        permit: &mut ComputePermit,
    ) -> Fetched {
        let fingerprint = ops.wire.map(|wire| wire.fingerprint);
        let lookup = self.core.l2_lookup(
            &self.owner,
            (&self.key, self.replica),
            &dependencies.entry_tags,
            &self.options,
            fingerprint,
            began,
        );
        let Some(mut lookup) = lookup else {
            let lease_state = match self.skipped_l2() {
                Some(lease_state) => lease_state,
                None => self.ask_versions(dependencies).await,
            };
            return Fetched::Compute(lease_state);
        };
        lookup.epochs = Some(&dependencies.epochs);
        let _in_flight = lookup.l2.in_flight_guard();
        let acquire = Acquire::new(self, &lookup, ops);
        let fetched = acquire.run(permit).await;
        let cause = match &fetched {
            _ if self.force_refresh => MissCause::FORCED,
            Ok(_) => self.cause.get().in_redis(lookup.cause.get()),
            Err(failure) if failure.takes_nothing() => self.cause.get(),
            Err(_) => self.cause.get().without_redis(),
        };
        self.cause.set(cause);
        self.trace_fetched(&fetched);
        match fetched {
            Ok(fetched) => fetched,
            Err(failure) => {
                lookup.l2.count_failure(&failure);
                // A full store (L2) can still be read, so the entry was read and was absent. A
                // forced refresh did not read the entry.
                let is_left_alone = failure.takes_nothing() && !self.force_refresh;
                Fetched::Compute(if is_left_alone {
                    LeaseState::None
                } else {
                    LeaseState::Unavailable
                })
            }
        }
    }
}
