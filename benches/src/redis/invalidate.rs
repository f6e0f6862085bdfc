//! The invalidation of a tag, accepted by Redis and told to all.

use cachekit::Cache;
use redis::pipe;

use super::load::{self, Operation};
use super::{NAMESPACE, Server, raw};
use crate::Fail;
use crate::report::{Kind, Table};
use crate::rounds::Rounds;

/// Invalidations, and the commands that they cannot do without.
pub(super) async fn table(server: &Server, cache: &Cache, rounds: Rounds) -> Result<Table, Fail> {
    let connection = raw::connect(server).await?;
    let ours = cache.clone();
    let ours = Operation::new("cachekit: invalidate_tags of one tag", move |number| {
        let cache = ours.clone();
        async move {
            cache
                .invalidate_tags([format!("org:{}", number % 100)])
                .await;
            Ok(())
        }
    });
    let plain_client = Operation::new("redis-rs: UNLINK and PUBLISH", move |number| {
        let mut to = connection.clone();
        async move {
            let org = number % 100;
            // The tag's version and its two guards, as cachekit removes (`docs/format.md`).
            let mut both = pipe();
            both.cmd("UNLINK")
                .arg(format!("{NAMESPACE}:t:org:{org}"))
                .arg(format!("{NAMESPACE}:g:org:"))
                .arg(format!("{NAMESPACE}:g:"))
                .cmd("PUBLISH")
                .arg(format!("{NAMESPACE}:raw"))
                .arg(format!("tag org:{org}"));
            let _: (u64, u64) = both.query_async(&mut to).await?;
            Ok(())
        }
    });
    let before = cache.stats().redis.queued_invalidations;
    let title = "Invalidation of a tag in Redis";
    let table = load::table(title, &[ours.of(Kind::Ours), plain_client], rounds).await?;
    if cache.stats().redis.queued_invalidations > before {
        return Err("Redis did not accept all invalidations".into());
    }
    Ok(table)
}
