//! `amalgam-cache`, in memory alone. Its keys are text.

use std::convert::Infallible;
use std::time::Duration;

use amalgam::{BlockingCache, Cache, EntryOptions};

use crate::Fail;
use crate::candidate::Candidate;
use crate::memory::Value;
use crate::user::found;

/// As long as cachekit's functions say.
fn options() -> EntryOptions {
    EntryOptions::new(Duration::from_secs(300))
}

/// Without a limit, which is how it is fastest.
pub(in crate::memory) fn all<V: Value>() -> Result<Vec<Candidate>, Fail> {
    let cache: Cache<V> = Cache::builder().default_options(options()).try_build()?;
    let function = candidate!(
        "amalgam get_or_set, key format!(..)",
        cache,
        |cache, key| {
            let id = key.id;
            let load = move |_| async move { Ok::<_, Infallible>(V::loaded(id)) };
            cache.get_or_set(format!("user:{id}"), load).await.ok()
        }
    );
    // By itself it would forget all in half a minute.
    let builder = Cache::builder().default_options(options());
    let blocking = BlockingCache::<V>::from_builder(builder)?;
    for id in 1..=u64::from(crate::keys::DISTINCT) {
        blocking.set(format!("user:{id}"), V::of(id)).execute()?;
    }
    let look = candidate!(
        "amalgam, blocking try_get, key format!(..)",
        blocking,
        |cache, key| {
            found(
                cache
                    .try_get(format!("user:{}", key.id))
                    .execute()
                    .ok()
                    .flatten(),
            )
        }
    );
    Ok(vec![function, look])
}
