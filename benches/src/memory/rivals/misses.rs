//! Functions of rivals that have nothing yet.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use cached::macros::concurrent_cached;

use crate::candidate::Candidate;
use crate::memory::ROOM;
use crate::memory::miss::Fresh;
use crate::user::User;

#[expect(
    clippy::unused_async,
    reason = "compared with functions that are async"
)]
#[concurrent_cached(max_size = 20_000, ttl_secs = 300)]
async fn new_user(id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

/// With numbers as keys; all but `cached` compute once for all who wait.
pub(in crate::memory) fn all() -> Vec<Candidate> {
    let moka = moka::future::Cache::builder()
        .max_capacity(ROOM as u64)
        .time_to_live(Duration::from_secs(300))
        .build();
    let quick = Arc::new(quick_cache::sync::Cache::new(ROOM));
    let fresh = || Arc::new(Fresh::default());
    vec![
        candidate!(
            "moka::future get_with, key u64",
            (moka, fresh()),
            |(moka, fresh), _key| {
                let id = fresh.next();
                moka.get_with(id, async { Arc::new(User::load(id)) }).await
            }
        ),
        candidate!(
            "quick_cache get_or_insert_async, key u64",
            (quick, fresh()),
            |(quick, fresh), _key| {
                let id = fresh.next();
                let load = async { Ok::<_, Infallible>(Arc::new(User::load(id))) };
                quick.get_or_insert_async(&id, load).await.ok()
            }
        ),
        candidate!("cached lru+ttl, key u64", fresh(), |fresh, _key| {
            new_user(fresh.next()).await
        }),
    ]
}
