//! A request for the lease, whose lease is released if the answer of L2 is lost.

use std::sync::Arc;

use crate::backfill::lease;
use crate::l2::tier::SharedTier;
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;

/// A request for the lease. If a `LeaseRequest` is dropped before the answer of L2 is known, the
/// lease is released. In that case the caller was dropped or the answer was lost, and other
/// processes would wait in vain.
pub(crate) struct LeaseRequest<'a> {
    pub(crate) l2: &'a Arc<SharedTier>,
    pub(crate) fencing_token: Option<FencingToken>,
}

impl LeaseRequest<'_> {
    pub(crate) fn answered<T>(mut self, answer: Result<T, Failure>) -> Result<T, Failure> {
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
