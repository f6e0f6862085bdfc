//! The statistics of the other processes of the namespace.

use std::fmt;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::core::state::Cache;
use crate::model::answers::Answers;
use crate::model::server_info::QueryError;
use crate::model::stats::Stats;

/// Time for which an answer is used again. A process answers few questions in a second, and several
/// pages may be open.
const FRESH_FOR: Duration = Duration::from_millis(900);
/// Longest wait for the answers of the other processes.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Answers of the other processes to the last question.
#[derive(Default)]
pub(crate) struct OtherProcesses {
    last: Mutex<Option<(Instant, Asked)>>,
}

/// Result of a question to the other processes. `Ok(None)`: the cache has no Redis, so that there are
/// no others.
pub(crate) type Asked = Result<Option<Answers<Stats>>, QueryError>;

impl OtherProcesses {
    /// Returns the statistics of the other processes, which are at most 1.4 seconds old.
    pub(crate) async fn stats(&self, cache: &Cache) -> Asked {
        let mut last = self.last.lock().await;
        if let Some((at, asked)) = &*last
            && at.elapsed() < FRESH_FOR
        {
            return asked.clone();
        }
        let asked = match cache.ask_stats(LONGEST_WAIT).await {
            Ok(answers) => Ok(Some(answers)),
            Err(QueryError::NoServer) => Ok(None),
            Err(error) => Err(error),
        };
        *last = Some((Instant::now(), asked.clone()));
        asked
    }
}

impl fmt::Debug for OtherProcesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtherProcesses").finish_non_exhaustive()
    }
}
