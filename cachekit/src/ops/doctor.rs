//! The check of a set-up: of the settings, the cached functions, Redis, the account there, and the
//! state of a running cache.

pub(crate) mod findings;
mod of_cluster;
mod of_functions;
mod of_memory;
mod of_misses;
mod of_running;
mod of_sentinels;
mod of_server;

use crate::api::builder::CacheBuilder;
use crate::core::state::Cache;
use crate::model::config::Config;
use crate::ops::doctor::findings::{Diagnosis, Finding};
use crate::ops::doctor::of_memory::KeptQueues;
use crate::store::examination::{Examination, Unexamined};

impl CacheBuilder {
    /// Checks the set-up without building the cache: the settings, the names and keys of the cached
    /// functions, Redis, and the rights of the account there. Use this method if
    /// [`build`](Self::build) returns an error, or before a deployment.
    ///
    /// The check connects to Redis twice, reads `INFO`, deletes a key that never exists, and sends
    /// one message to itself. It also looks through the names of the keys in Redis for queued writes of
    /// write-behind functions, for two seconds at most. All in all it takes some seconds at most.
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime with I/O and time, if a Redis is set.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the check, and leaves nothing behind.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let diagnosis = cachekit::Cache::builder().doctor().await;
    /// println!("{diagnosis}");
    /// assert!(!diagnosis.has_errors());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn doctor(mut self) -> Diagnosis {
        let mut findings = Vec::new();
        if let Err(error) = self.check_settings() {
            findings.push(Finding::of_build_error(&error));
        }
        of_functions::conflicts(&mut findings);
        let examined = self.examine().await;
        diagnosis(&self.config, findings, examined)
    }
}

impl Cache {
    /// Checks the set-up of this cache: the cached functions, Redis, the rights of the account
    /// there, and the state in which the cache is now. Each finding has its remedy.
    ///
    /// The check connects to Redis twice, beside the cache's own connections, as
    /// [`CacheBuilder::doctor`] does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the check, and leaves nothing behind.
    pub async fn doctor(&self) -> Diagnosis {
        let mut findings = Vec::new();
        of_functions::conflicts(&mut findings);
        let core = self.core();
        let examined = match &core.l2 {
            Some(l2) => Some(l2.store.examine().await),
            None => None,
        };
        let stats = self.stats();
        of_running::state(&stats, core.l2.is_some(), &mut findings);
        of_misses::tags(&stats, &mut findings);
        diagnosis(&core.config, findings, examined)
    }
}

/// Adds to `findings` those about the server, and returns them all, the worst first.
fn diagnosis(
    config: &Config,
    mut findings: Vec<Finding>,
    examined: Option<Result<Examination, Unexamined>>,
) -> Diagnosis {
    let mut server = None;
    match examined {
        None => findings.push(Finding::info(
            "redis",
            "the cache has no Redis: processes share nothing, and an invalidation reaches its own process only",
            "with one process, nothing is to be done; else set `redis(..)` or `REDIS_URL`",
        )),
        Some(Err((problem, remedy))) => findings.push(Finding::error("redis", problem, remedy)),
        Some(Ok(found)) => {
            match &found.cluster {
                Some(cluster) => of_cluster::all(config, &found, cluster, &mut findings),
                None => of_one_server(config, &found, &mut findings),
            }
            server = Some(found);
        }
    }
    Diagnosis::new(findings, server)
}

fn of_one_server(config: &Config, found: &Examination, findings: &mut Vec<Finding>) {
    of_server::all(config, found, findings);
    of_sentinels::all(found, findings);
    if let Some(info) = &found.info {
        of_memory::all(info, KeptQueues::of(config, found), findings);
    }
}
