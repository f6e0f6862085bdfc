//! The choice of the adapter for an address, and of the examination.

use std::sync::Arc;

use crate::base::home_runtime::HomeRuntime;
use crate::store::event::EventSink;
use crate::store::examination::{Examination, Unexamined};
use crate::store::message::NodeId;
use crate::store::port::Store;
use crate::store::redis::Redis;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::examine::ClusterExaminer;
use crate::store::redis::cluster::remembered::LiveProbe;
use crate::store::redis::cluster::seeds::of_cluster;
use crate::store::redis::examine::Examiner;
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::wrong::Wrong;

/// Opens the adapter for the address in `settings`.
///
/// # Errors
///
/// Returns the problem and the remedy, as [`Redis::open`] does.
pub(crate) async fn open(
    settings: RedisSettings<'_>,
    home: Arc<HomeRuntime>,
    node: NodeId,
    (sink, is_live): (EventSink, LiveProbe),
) -> Result<Arc<dyn Store>, Wrong> {
    if of_cluster(settings.url).is_some() {
        return Ok(Arc::new(
            Cluster::open(settings, home, node, (sink, is_live)).await?,
        ));
    }
    Ok(Arc::new(Redis::open(settings, home, node, sink).await?))
}

/// Examines the Redis of the address in `settings`, without a cache. Also looks for keys of queues
/// among all keys.
///
/// # Errors
///
/// Returns the problem and the remedy if the address cannot be parsed, or Redis cannot be examined.
pub(crate) async fn examine(settings: &RedisSettings<'_>) -> Result<Examination, Unexamined> {
    if of_cluster(settings.url).is_some() {
        return ClusterExaminer::new(settings)?.examine(&[], true).await;
    }
    Examiner::new(settings)?.examine(true).await
}
