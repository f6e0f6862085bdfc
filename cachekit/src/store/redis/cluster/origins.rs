//! The origins of the data sets of the masters.
//!
//! An entry and each version must have the origin of the present master of their slot. After a
//! failover, the new master has another origin, so what it has is not used, even if it brings back
//! names that were removed.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::base::fault::guard;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::{MadeBy, UNKNOWN_ORIGIN};
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::cluster::links::Link;
use crate::store::redis::handshake;
use crate::store::redis::place::Place;

impl Cluster {
    /// Returns the origin of the master of `slot`, as far as it is known.
    pub(crate) fn origin(&self, slot: u16) -> [u8; 8] {
        let link = self
            .links
            .master(slot)
            .and_then(|place| self.links.link(&place));
        let connected = link.and_then(|link| link.connections.current());
        connected.map_or(UNKNOWN_ORIGIN, |connected| connected.origin())
    }

    /// Returns `true` if this process has a connection to the master of `name`, or to all masters if
    /// `name` is a guard, which is in slots of all of them.
    pub(crate) fn is_connected_to(&self, name: &StoreKey) -> bool {
        let is_connected = |link: &Link| link.connections.current().is_some();
        if name.guarded_prefix().is_some() {
            return self.links.all().iter().all(|(_, link)| is_connected(link));
        }
        let master = self.links.master(self.names.full(name).slot);
        let link = master.and_then(|place| self.links.link(&place));
        link.is_some_and(|link| is_connected(&link))
    }

    pub(crate) fn is_of_masters(&self, made: MadeBy<'_>) -> bool {
        made.origins().all(|(name, made_by)| {
            let origin = self.origin(self.names.full(name).slot);
            guard!(self, BelieveUnknown: origin != UNKNOWN_ORIGIN) && made_by == origin
        })
    }

    /// Asks the masters of `slots` for their origins again, each once.
    pub(crate) async fn ask_origins(&self, slots: Vec<u16>, until: Instant) -> Result<(), Failure> {
        let mut masters: BTreeMap<Place, u16> = BTreeMap::new();
        for slot in slots {
            let place = self.links.master(slot).ok_or(Failure::Unavailable)?;
            masters.entry(place).or_insert(slot);
        }
        let ask = |slot: &u16| Group::new(*slot).with(handshake::origin_question());
        let answers = self.run(masters.values().map(ask).collect(), until).await?;
        for answer in answers {
            let (info, speaker) = answer.last();
            if let Some(info) = handshake::text(&info) {
                speaker.connected.set_origin(handshake::origin(info));
            }
        }
        Ok(())
    }

    pub(crate) async fn ask_origin_of(
        &self,
        made: MadeBy<'_>,
        until: Instant,
    ) -> Result<bool, Failure> {
        let slots = made.origins().map(|(name, _)| self.names.full(name).slot);
        self.ask_origins(slots.collect(), until).await?;
        Ok(self.is_of_masters(made))
    }
}
