//! The question to Redis for information about itself.

use crate::core::state::Cache;
use crate::l2::tier::SharedTier;
use crate::model::server_info::{QueryError, ServerInfo};
use crate::store::failure::Failure;

impl Cache {
    /// Asks Redis for information about itself: its hit rate, memory, clients and keys. Sends one
    /// `INFO`, and waits for its answer as long as a background task does.
    ///
    /// # Errors
    ///
    /// Returns an error if the cache has no Redis, Redis does not answer in time, or the account may
    /// not run `INFO`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the cache.
    pub async fn server_info(&self) -> Result<ServerInfo, QueryError> {
        let l2 = self.core().l2.as_ref().ok_or(QueryError::NoServer)?;
        let asked = l2.store.server_info(SharedTier::background_deadline());
        asked.await.map_err(no_answer)
    }
}

/// Returns the error for a question that Redis did not answer because of `failure`.
pub(crate) fn no_answer(failure: Failure) -> QueryError {
    match failure {
        Failure::Rejected(code) => QueryError::Refused(code),
        Failure::Unavailable | Failure::Indeterminate => QueryError::Unreachable,
    }
}
