//! The servers of a Redis Cluster.

use std::time::Duration;

use cachekit_tests::cluster::{Cluster, Options};

use crate::said::PASSWORD;
use crate::settings::NAMESPACE;

/// After so long without an answer a server is taken for dead, in milliseconds.
pub(crate) const NODE_TIMEOUT: u32 = 2_000;

/// The longest wait for another master.
const LONGEST: Duration = Duration::from_secs(20);

/// The properties of the servers of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// `true` if the fault is of the master that has the slot of messages.
    pub(crate) is_of_bus: bool,
    /// `true` if the network between that master and all others can be cut. The second node is on its
    /// side.
    pub(crate) is_split: bool,
}

/// A cluster, and the master of the fault.
#[derive(Debug)]
pub(crate) struct Masters {
    pub(crate) cluster: Cluster,
    /// The number of the master of the fault.
    pub(crate) hit: usize,
    /// A key in a slot of that master, and one in a slot of a master that nothing happens to.
    pub(crate) probes: [String; 2],
    /// The slot of the first of these keys.
    pub(crate) slot: u16,
}

impl Masters {
    pub(crate) fn start(layout: Layout, args: &[&str]) -> Self {
        let password = format!(">{PASSWORD}");
        // Who connects shows in the first bytes, by which the network knows the sides.
        let users = ["node-0", "node-1"].map(|name| {
            let user = ["--user", name, "on", &password, "~*", "&*", "+@all"];
            user.map(str::to_owned)
        });
        let users = users.as_flattened().iter().map(String::as_str);
        let args: Vec<&str> = users.chain(args.iter().copied()).collect();
        let cluster = Cluster::with(&Options {
            replicas: 1,
            node_timeout: NODE_TIMEOUT,
            has_wires: layout.is_split,
            args: &args,
            ..Options::default()
        });
        let bus = cluster.bus_owner(NAMESPACE);
        let hit = if layout.is_of_bus { bus } else { (bus + 1) % 3 };
        let owned = |number: usize| {
            let mut keys = (0..).map(|n| format!("probe:{n}"));
            let key = keys.find(|key| cluster.owner(slot_of(&cluster, key)) == number);
            key.unwrap_or_default()
        };
        // This key is in the slot of messages itself.
        let first = if layout.is_of_bus {
            format!("{NAMESPACE}:bus")
        } else {
            owned(hit)
        };
        let probes = [first, owned((hit + 1) % 3)];
        Self {
            slot: slot_of(&cluster, &probes[0]),
            hit,
            probes,
            cluster,
        }
    }

    /// The address that a node is given.
    pub(crate) fn url(&self, node: usize) -> String {
        let login = format!("://node-{node}:{PASSWORD}@");
        self.cluster.url().replacen("://", &login, 1)
    }

    /// Waits until another server has the slots of the master of the fault, and returns its number.
    pub(crate) fn wait_for_another(&self) -> Result<usize, String> {
        let another = self.cluster.another_within(self.slot, self.hit, LONGEST);
        another.ok_or(format!("no other master in {LONGEST:?}"))
    }
}

/// The slot of the entry of `key`.
fn slot_of(cluster: &Cluster, key: &str) -> u16 {
    cluster.slot(&format!("{NAMESPACE}:k:{{{key}}}"))
}
