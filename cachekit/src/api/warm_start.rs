//! The warm start: the hottest keys of a function are remembered in Redis, and a new process loads
//! their entries into memory before its first call.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::base::clock::Tick;
use crate::base::random::jittered;
use crate::core::remembered::RememberedFunction;
use crate::core::state::{Cache, Core};
use crate::key::Key;
use crate::l2::tier::SharedTier;
use crate::model::function_spec::FnSpec;
use crate::model::warm_start_report::WarmStartReport;
use crate::return_type::erased_ops::ValueOps;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::{EntryQuery, Store};
use crate::store::warm_keys;

/// The time between two stores of the lists of hottest keys.
const EVERY: Duration = Duration::from_secs(60);

/// The time for which Redis keeps a list that no process stores again.
const KEPT: Duration = Duration::from_secs(86_400);

/// The number of entries that are read at the same time. Reads at the same time share round trips.
const AT_ONCE: usize = 64;

/// Loads the entries of the function `spec` under at most `most` of its hottest keys into memory,
/// and remembers its hottest keys from now on.
pub(crate) async fn warm_start(
    cache: Cache,
    spec: &'static FnSpec,
    ops: ValueOps,
    most: usize,
) -> WarmStartReport {
    let began = Instant::now();
    remember(&cache.core, spec, most);
    let mut report = WarmStartReport::default();
    if let Some(l2) = &cache.core.l2 {
        let mut keys = listed(&*l2.store, spec.name()).await.unwrap_or_default();
        keys.truncate(most);
        report.remembered = keys.len();
        load(&cache.core, spec, ops, keys, &mut report).await;
    }
    report.elapsed = began.elapsed();
    report
}

/// Reads the entries of `keys` from L2 into memory, and counts them in `report`.
async fn load(
    core: &Arc<Core>,
    spec: &'static FnSpec,
    ops: ValueOps,
    keys: Vec<StoreKey>,
    report: &mut WarmStartReport,
) {
    let (core, owner) = (core.core_of(spec), core.owner(spec));
    let mut keys = keys.into_iter();
    let mut reads = JoinSet::new();
    loop {
        while reads.len() < AT_ONCE
            && let Some(key) = keys.next()
        {
            let (core, owner) = (Arc::clone(core), Arc::clone(&owner));
            reads.spawn(async move {
                let key = Key::new(key.as_bytes());
                core.load_into_memory(&owner, &key, &ops).await
            });
        }
        match reads.join_next().await {
            None => return,
            Some(Ok(Ok(is_loaded))) => report.loaded += usize::from(is_loaded),
            Some(Ok(Err(_)) | Err(_)) => report.failed += 1,
        }
    }
}

/// Adds the function `spec` to those whose keys are remembered. The first function begins the task
/// that stores the lists.
fn remember(core: &Arc<Core>, spec: &'static FnSpec, most: usize) {
    let function = RememberedFunction {
        id: spec.id(),
        name: spec.name().to_owned(),
        most,
    };
    if core.remembered.add(function) && core.l2.is_some() {
        core.background
            .spawn_uncounted(store_regularly(Arc::downgrade(core)));
    }
}

/// Stores the lists of hottest keys until the cache ends. Does not keep the cache alive.
async fn store_regularly(core: Weak<Core>) {
    loop {
        sleep(jittered(EVERY)).await;
        let Some(core) = core.upgrade() else {
            return;
        };
        if core.background.is_closed() {
            return;
        }
        store_hot_keys(&core).await;
    }
}

/// Stores the list of hottest keys of each remembered function in L2. A list that L2 does not take
/// is left out, because it is only a hint.
pub(crate) async fn store_hot_keys(core: &Core) {
    let Some(l2) = &core.l2 else {
        return;
    };
    for function in core.remembered.all() {
        if store_list(core, &*l2.store, &function).await.is_err() {
            return;
        }
    }
}

/// Stores in L2 the hottest keys that `function` has in this process, followed by the keys that L2
/// already has. A process that has just started must not replace the list by a few keys.
async fn store_list(
    core: &Core,
    store: &dyn Store,
    function: &RememberedFunction,
) -> Result<(), Failure> {
    let name = |id| (id == function.id).then(String::new);
    let hottest = core
        .hot
        .hottest(function.most, Tick::now(&*core.clock), name);
    let known = listed(store, &function.name).await?;
    let own = hottest.iter().map(|hot| hot.key.as_bytes());
    let keys = own.chain(known.iter().map(StoreKey::as_bytes));
    let list = warm_keys::write(keys, function.most);
    let until = SharedTier::background_deadline();
    store
        .remember(&StoreKey::warm_keys(&function.name), &list, KEPT, until)
        .await
}

/// Returns the list of hottest keys of `function` that L2 has.
async fn listed(store: &dyn Store, function: &str) -> Result<Vec<StoreKey>, Failure> {
    let query = EntryQuery {
        entry: &StoreKey::warm_keys(function),
        versions: &[],
        with_value_tags: false,
        beside: &[],
        is_encrypted: false,
    };
    let found = store.read(query, SharedTier::background_deadline()).await?;
    Ok(found
        .bytes
        .map_or_else(Vec::new, |list| warm_keys::read(&list)))
}
