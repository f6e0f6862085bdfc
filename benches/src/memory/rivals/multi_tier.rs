//! `multi-tier-cache`, with its moka tier alone.

use std::sync::Arc;
use std::time::Duration;

use multi_tier_cache::{CacheManager, CacheStrategy, CacheTier, MokaCache, MokaCacheConfig};

use crate::Fail;
use crate::candidate::Candidate;
use crate::memory::ROOM;
use crate::user::User;

pub(in crate::memory) fn owned() -> Result<Candidate, Fail> {
    let tier = MokaCache::new(MokaCacheConfig {
        max_capacity: ROOM as u64,
        time_to_live: Duration::from_secs(300),
        time_to_idle: Duration::from_secs(300),
    })?;
    let tiers = vec![CacheTier::new(Arc::new(tier), 1, false, 1, 1.0)];
    let cache = Arc::new(CacheManager::new_with_tiers(tiers, None)?);
    Ok(candidate!(
        "multi-tier-cache, memory",
        cache,
        |cache, key| {
            let load = || async move { Ok(User::load(key.id)) };
            let name = format!("user:{}", key.id);
            cache
                .get_or_compute_typed::<User, _, _>(&name, CacheStrategy::ShortTerm, load)
                .await
                .ok()
        }
    ))
}
