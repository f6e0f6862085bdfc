//! The examination of the masters of a Redis Cluster, each over connections of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::join::join_all;
use crate::store::examination::{ClusterFound, Examination, Unexamined};
use crate::store::message::NodeId;
use crate::store::redis::cluster::names::Names;
use crate::store::redis::cluster::seeds::Seeds;
use crate::store::redis::cluster::slot::SLOTS;
use crate::store::redis::cluster::topology::SlotMap;
use crate::store::redis::cluster::totals::total;
use crate::store::redis::examine::{Examiner, unreachable};
use crate::store::redis::place::Place;
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::Lasting;
use crate::store::redis::wrong::Wrong;

/// The settings of a cache that the examination of its Redis Cluster needs.
#[derive(Debug)]
pub(crate) struct ClusterExaminer {
    seeds: Seeds,
    names: Names,
    any_origin: bool,
    has_intents: bool,
}

impl ClusterExaminer {
    /// Makes the examiner of the cluster whose address is in `settings`.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if the address cannot be parsed.
    pub(crate) fn new(settings: &RedisSettings<'_>) -> Result<Self, Wrong> {
        Ok(Self {
            seeds: Seeds::parse(settings)?,
            names: Names::new(settings.namespace),
            any_origin: settings.any_origin,
            has_intents: settings.has_intents,
        })
    }

    /// Asks a node for the masters, and examines each of them that has slots. `known` are masters that
    /// the cache knows. If `looks_for_queues`, also looks for keys of queues among all keys.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if no node tells the masters, or no master can be examined.
    pub(crate) async fn examine(
        &self,
        known: &[Place],
        looks_for_queues: bool,
    ) -> Result<Examination, Unexamined> {
        let masters = self.seeds.ask(known).await.map_err(|error| {
            let shown = || unreachable(&format!("{:?}", self.seeds), &error.why);
            error.lasting.clone().map_or_else(shown, Lasting::wrong)
        })?;
        let map = SlotMap::of(&[masters]);
        let serving: BTreeSet<&Place> = map.masters().iter().collect();
        let serving = serving.into_iter().filter(|place| map.has_slots(place));
        let one = async |place: &Place| {
            let examined = self.one(place, &map).examine(looks_for_queues).await;
            (format!("{:?}", self.seeds.at(place)), examined)
        };
        let masters = join_all(serving.map(one).collect()).await;
        let uncovered_slots = (0..SLOTS).filter(|slot| map.master(*slot).is_none());
        self.found(ClusterFound {
            uncovered_slots: uncovered_slots.count(),
            masters,
        })
    }

    /// Returns the examiner of the master at `place`.
    fn one(&self, place: &Place, map: &SlotMap) -> Examiner {
        let is_own = |slot: u16| map.master(slot) == Some(place);
        let has_bus = is_own(self.names.bus_slot());
        Examiner {
            topology: Topology::Server(Arc::new(self.seeds.at(place))),
            tenant: self.seeds.tenant.clone(),
            nothing: self
                .names
                .unused(is_own)
                .unwrap_or_else(|| self.names.beat()),
            channel: has_bus.then(|| self.names.node(NodeId::random())),
            any_origin: self.any_origin,
            has_intents: self.has_intents,
        }
    }

    /// Returns what was found, with the sums over the masters.
    fn found(&self, cluster: ClusterFound) -> Result<Examination, Unexamined> {
        let masters = || cluster.masters.iter();
        let examined: Vec<&Examination> =
            masters().filter_map(|(_, it)| it.as_ref().ok()).collect();
        if examined.is_empty() {
            let refused = masters().find_map(|(_, it)| it.as_ref().err().cloned());
            let nobody = || unreachable(&format!("{:?}", self.seeds), "no master has slots");
            return Err(refused.unwrap_or_else(nobody));
        }
        let infos: Vec<_> = examined.iter().filter_map(|it| it.info.clone()).collect();
        let addresses: Vec<&str> = masters().map(|(address, _)| &**address).collect();
        Ok(Examination {
            address: addresses.join(","),
            database: 0,
            info: total(&infos),
            refuses_writes: None,
            missing_rights: None,
            missing_for_queues: None,
            missing_for_warm_starts: None,
            has_queues: examined.iter().any(|it| it.has_queues),
            clock_ahead: None,
            bus_round_trip: examined.iter().find_map(|it| it.bus_round_trip),
            sentinels: Vec::new(),
            has_min_replicas: None,
            cluster: Some(cluster),
        })
    }
}
