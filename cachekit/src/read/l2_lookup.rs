//! From memory to the shared store: reading there, and the right to compute where that
//! has nothing.

pub(crate) mod acquire;
pub(crate) mod budget;

use std::sync::Arc;
use std::time::Duration;

use crate::backfill::lease::Access;
use crate::backfill::validate::Question;
use crate::core::state::Core;
use crate::encoding::codec::Codec;
use crate::key::Key;
use crate::l2::entry_keys::{Names, Replica};
use crate::model::config::Tier;
use crate::model::entry::AnyStored;
use crate::model::epoch::Moment;
use crate::model::owner::Owner;
use crate::model::policy::Lives;
use crate::model::tags::Labels;
use crate::read::call::Job;
use crate::read::compute::Known;
use crate::read::l2_lookup::acquire::Asking;
use crate::read::permit::Admission;
use crate::return_type::erased_ops::ValueOps;
use crate::store::key_name::Name;

/// Tells the shape of a type under a codec.
pub(crate) type Fingerprint = fn(Codec) -> Result<u64, String>;

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

impl Core {
    /// A question to the store, if it is to be asked for such a value at all.
    pub(crate) fn question<'a>(
        &'a self,
        owner: &'a Arc<Owner>,
        (key, replica): (&'a Key, Replica),
        labels: &Labels,
        lives: &'a Lives,
        fingerprint: Option<Fingerprint>,
        began: Moment,
    ) -> Option<Question<'a>> {
        let remote = self
            .remote
            .as_ref()
            .filter(|_| lives.tier != Tier::Memory && !owner.is_namesake)?;
        let fingerprint = fingerprint.filter(|_| remote.is_usable_for(key, replica))?;
        let codec = lives.codec.unwrap_or(remote.settings.codec);
        let fingerprint = match fingerprint(codec) {
            Ok(fingerprint) => fingerprint ^ owner.late,
            Err(why) => {
                remote.unstorable(owner, &why);
                return None;
            }
        };
        let names = Names::new(key, replica, owner, labels);
        Some(Question {
            core: self,
            remote,
            owner,
            key,
            names,
            lives,
            codec,
            fingerprint,
            began,
            epochs: None,
        })
    }

    /// A value was computed for `key` without asking the store: what is there may be older,
    /// and this node must not go back to it.
    pub(crate) fn distrust(&self, key: &Key, lives: Lives) {
        if let Some(remote) = &self.remote
            && lives.tier != Tier::Memory
            // It never goes back there anyway.
            && !remote.is_shut_down()
        {
            // And the copies with it, if there are any.
            remote.desk.outbox.add([Name::entry(key)]);
        }
    }
}

impl Job {
    /// Where there is no store to ask, or not now: what a computation has to do with it.
    pub(crate) fn unasked(&self) -> Option<Access> {
        let Some(remote) = &self.core.remote else {
            return Some(Access::None);
        };
        (!remote.is_usable_for(&self.key, self.replica)).then_some(Access::Unseen)
    }

    /// Asks the store, and waits while another process computes.
    pub(crate) async fn fetch(
        &self,
        ops: &ValueOps,
        known: &Known,
        began: Moment,
        admission: &mut Admission,
    ) -> Fetched {
        let fingerprint = ops.wire.map(|wire| wire.fingerprint);
        let question = self.core.question(
            &self.owner,
            (&self.key, self.replica),
            &known.labels,
            &self.lives,
            fingerprint,
            began,
        );
        let Some(mut question) = question else {
            return Fetched::Compute(self.unasked().unwrap_or(Access::None));
        };
        question.epochs = Some(&known.epochs);
        let _guard = question.remote.ask();
        let asking = Asking::new(self, &question, ops);
        match asking.run(admission).await {
            Ok(fetched) => fetched,
            Err(failure) => {
                question.remote.failed(&failure);
                // One that takes nothing had nothing either, unless nobody looked.
                let is_left_alone = failure.takes_nothing() && !self.fresh;
                Fetched::Compute(if is_left_alone {
                    Access::None
                } else {
                    Access::Unseen
                })
            }
        }
    }
}
