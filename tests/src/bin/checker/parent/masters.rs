//! Changes of the masters of a cluster: other servers take their places, and slots move.

use std::time::Duration;

use cachekit_tests::cluster::Cluster;
use cachekit_tests::redis::{Redis, Reply};

use super::disruption::Disruption;
use crate::node::NAMESPACE;

/// So many slots has every cluster.
const SLOTS: u16 = 16_384;

/// The longest wait for another server: the others may have chosen none, because they had just
/// chosen one.
const LONGEST: Duration = Duration::from_secs(10);

/// A server that is a master now.
pub(super) fn any(cluster: &Cluster) -> &Redis {
    let number = cluster.master_now(fastrand::u16(..SLOTS));
    &cluster.servers[number.unwrap_or_default()]
}

/// Changes who is the master of a slot, and says in words what happened. `None`: nothing, because the
/// cluster is not whole.
pub(super) fn change(
    cluster: &Cluster,
    disruption: Disruption,
    random: &mut fastrand::Rng,
) -> Option<String> {
    // The slot of messages is like no other.
    let bus = cluster.slot_now(&format!("{{{NAMESPACE}:bus}}"))?;
    let slot = if random.u8(..3) == 0 {
        bus
    } else {
        some_slot(cluster, random).unwrap_or(bus)
    };
    let old = cluster.master_now(slot)?;
    let of_bus = if cluster.master_now(bus) == Some(old) {
        ", of the bus too"
    } else {
        ""
    };
    if disruption == Disruption::MoveSlot {
        let to = another(cluster, old, random)?;
        cluster.begin_move(slot, old, to).end();
        return Some(format!("{slot} from {old} to {to}{of_bus}"));
    }
    let replica = cluster.replica_now(old)?;
    let server = &cluster.servers[old];
    match disruption {
        Disruption::KillMaster => server.kill(),
        Disruption::StopMaster => server.freeze(),
        _ => {
            let told = cluster.servers[replica]
                .client()
                .run(&["CLUSTER", "FAILOVER"]);
            if told != Reply::Text("OK".to_owned()) {
                return None;
            }
        }
    }
    let new = cluster.another_within(slot, old, LONGEST);
    match disruption {
        Disruption::KillMaster => server.restart(),
        Disruption::StopMaster => server.thaw(),
        _ => {}
    }
    Some(match new {
        Some(new) => format!("{old} gave way to {new}{of_bus}"),
        None => format!("{old} stayed{of_bus}"),
    })
}

/// The slot of a name that a master has.
fn some_slot(cluster: &Cluster, random: &mut fastrand::Rng) -> Option<u16> {
    let names = any(cluster).client().keys(&format!("{NAMESPACE}:*"));
    cluster.slot_now(random.choice(names)?.as_str())
}

/// Another server that has slots.
fn another(cluster: &Cluster, but: usize, random: &mut fastrand::Rng) -> Option<usize> {
    let slots = std::iter::repeat_with(|| random.u16(..SLOTS)).take(64);
    let masters = slots.filter_map(|slot| cluster.master_now(slot));
    { masters }.find(|number| *number != but)
}
