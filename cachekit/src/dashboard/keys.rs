//! The keys with the most uses, and those with the most misses.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;

use crate::base::clock::Tick;
use crate::core::state::Core;
use crate::dashboard::answer::Json;
use crate::dashboard::state::Dashboard;
use crate::l1::hot_keys::HotKey;
use crate::model::owner::OwnerId;

/// Number of keys in each list.
const MOST: usize = 20;

/// Keys of this process. Counts are halved every ten minutes, and may be too high by `error`.
#[derive(Debug, Serialize)]
pub(crate) struct Keys {
    hottest: Vec<CountedKey>,
    /// Keys of calls that had to compute or found nothing.
    missed: Vec<CountedKey>,
}

#[derive(Serialize)]
struct CountedKey {
    function: String,
    key: String,
    count: u64,
    error: u64,
}

pub(crate) async fn keys(State(dashboard): State<Arc<Dashboard>>) -> Json<Keys> {
    let core = dashboard.cache.core();
    let now = Tick::now(&*core.clock);
    let missed = core
        .key_history
        .most_missed(MOST, now, |id| name_of(core, id));
    Json(Keys {
        hottest: dashboard
            .cache
            .hot_keys(MOST)
            .into_iter()
            .map(counted)
            .collect(),
        missed: missed.into_iter().map(counted).collect(),
    })
}

/// Returns the name of an owner (function, region or cache).
pub(crate) fn name_of(core: &Core, id: OwnerId) -> Option<String> {
    let owners = core.owners.read();
    owners.get(&id).map(|owner| owner.name.to_string())
}

fn counted(key: HotKey) -> CountedKey {
    CountedKey {
        function: key.function,
        key: key.key,
        count: key.uses,
        error: key.error,
    }
}

impl std::fmt::Debug for CountedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is not shown, because it contains arguments.
        f.debug_struct("CountedKey")
            .field("function", &self.function)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
