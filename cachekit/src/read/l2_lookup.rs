//! The look-up in L2 after a miss of memory: reads the entry from L2 and, on a miss, acquires the
//! lease to compute the entry.

pub(crate) mod acquire;
pub(crate) mod budget;

use crate::backfill::lease::LeaseState;
use crate::core::outcome::Dependencies;
use crate::model::epoch::SequenceNumber;
use crate::read::call::Call;
use crate::read::l2_lookup::acquire::{Acquire, Fetched};
use crate::read::permit::ComputePermit;
use crate::return_type::erased_ops::ValueOps;

impl Call {
    /// Returns the lease state of a computation without L2, if the cache has no L2 or L2 is not
    /// usable now. Returns `None` if the call must ask L2.
    pub(crate) fn skipped_l2(&self) -> Option<LeaseState> {
        let Some(l2) = &self.core.l2 else {
            return Some(LeaseState::None);
        };
        (!l2.is_usable_for(&self.key, self.replica)).then_some(LeaseState::Unavailable)
    }

    /// Looks up the entry in L2, and waits while another process computes the entry. If L2 fails,
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
            return Fetched::Compute(self.skipped_l2().unwrap_or(LeaseState::None));
        };
        lookup.epochs = Some(&dependencies.epochs);
        let _in_flight = lookup.l2.in_flight_guard();
        let acquire = Acquire::new(self, &lookup, ops);
        match acquire.run(permit).await {
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
