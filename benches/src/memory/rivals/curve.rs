//! Rivals that begin empty, for the curve of hits by the number of keys: what is missing is computed
//! and stored by the call that misses it.

use std::sync::Arc;
use std::time::Duration;

use cached::macros::concurrent_cached;

use crate::candidate::Candidate;
use crate::memory::curve::Point;
use crate::user::User;

/// As long as cachekit's functions say.
const TTL: Duration = Duration::from_secs(3600);

/// `cached`: the attribute takes only a number, so it is that of the largest point.
macro_rules! functions {
    ($($function:ident),+) => {
        $(
            #[expect(clippy::unused_async, reason = "compared with functions that are async")]
            #[concurrent_cached(max_size = 2_000_000, ttl_secs = 3600)]
            async fn $function(id: u64) -> Arc<User> {
                Arc::new(User::load(id))
            }
        )+
    };
}

functions!(only, first, second, third, fourth, fifth, sixth);

async fn one_of_six(id: u64) -> Arc<User> {
    let (function, id) = (id % 6, id / 6);
    match function {
        0 => first(id).await,
        1 => second(id).await,
        2 => third(id).await,
        3 => fourth(id).await,
        4 => fifth(id).await,
        _ => sixth(id).await,
    }
}

/// All of them, empty.
pub(in crate::memory) fn all(point: Point) -> Vec<Candidate> {
    let room = point.room();
    match point {
        Point::Keys(_) => vec![
            candidate!("moka::future, key u64", moka(room), |cache, key| {
                from_moka(&cache, key.id).await
            }),
            candidate!("quick_cache, key u64", quick(room), |cache, key| {
                from_quick(&cache, key.id)
            }),
            candidate!("cached lru+ttl, key u64", (), |(), key| only(key.id).await),
        ],
        Point::SixFunctions(_) => {
            let mokas: Arc<[_]> = (0..6).map(|_| moka(room / 6)).collect();
            let quicks: Arc<[_]> = (0..6).map(|_| quick(room / 6)).collect();
            vec![
                candidate!("moka::future, key u64", mokas, |caches, key| {
                    from_moka(&caches[sixth_of(key.id)], key.id / 6).await
                }),
                candidate!("quick_cache, key u64", quicks, |caches, key| {
                    from_quick(&caches[sixth_of(key.id)], key.id / 6)
                }),
                candidate!("cached lru+ttl, key u64", (), |(), key| {
                    one_of_six(key.id).await
                }),
            ]
        }
    }
}

fn sixth_of(id: u64) -> usize {
    usize::try_from(id % 6).unwrap_or_default()
}

type Moka = moka::future::Cache<u64, Arc<User>>;
type Quick = Arc<quick_cache::sync::Cache<u64, Arc<User>>>;

fn moka(room: u64) -> Moka {
    let builder = moka::future::Cache::builder();
    builder.max_capacity(room).time_to_live(TTL).build()
}

fn quick(room: u64) -> Quick {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    Arc::new(quick_cache::sync::Cache::new(room))
}

#[inline]
async fn from_moka(cache: &Moka, id: u64) -> Arc<User> {
    match cache.get(&id).await {
        Some(user) => user,
        None => {
            let user = Arc::new(User::load(id));
            cache.insert(id, Arc::clone(&user)).await;
            user
        }
    }
}

#[inline]
fn from_quick(cache: &Quick, id: u64) -> Arc<User> {
    match cache.get(&id) {
        Some(user) => user,
        None => {
            let user = Arc::new(User::load(id));
            cache.insert(id, Arc::clone(&user));
            user
        }
    }
}
