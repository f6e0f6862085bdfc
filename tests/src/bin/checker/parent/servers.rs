//! The servers that the nodes share.

use cachekit_tests::cluster::Cluster;
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Redis, Reply};
use cachekit_tests::sentinel::{Options, SentinelSet, named, wait};

use super::masters;
use crate::topology::Topology;

/// A server that nobody follows refuses writes: as `docs/topologies.md` asks for.
const GUARDED: &[&str] = &[
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "2",
];

/// A server, or a set with sentinels, or a cluster.
pub(super) enum Servers {
    One(Redis),
    Set(SentinelSet),
    Cluster(Cluster),
}

impl Servers {
    pub(super) fn start(topology: Topology) -> Self {
        match topology {
            Topology::One => Self::One(Redis::start()),
            Topology::Sentinel => Self::Set(SentinelSet::with(&Options {
                servers: GUARDED,
                sentinels: &["sentinel failover-timeout {name} 3000"],
                ..Options::default()
            })),
            Topology::Cluster => Self::Cluster(Cluster::with_replicas()),
        }
    }

    /// A network for each node. Sentinels and clusters name the servers themselves, so there is none.
    pub(super) fn proxies(&self, nodes: u8) -> Vec<Proxy> {
        match self {
            Self::One(redis) => (0..nodes).map(|_| Proxy::to(redis.addr())).collect(),
            Self::Set(_) | Self::Cluster(_) => Vec::new(),
        }
    }

    /// Where the node with this network looks for Redis.
    pub(super) fn url(&self, proxy: Option<&Proxy>) -> String {
        match (self, proxy) {
            (_, Some(proxy)) => proxy.url(),
            (Self::One(redis), None) => redis.url(),
            (Self::Set(set), None) => set.url(),
            (Self::Cluster(cluster), None) => cluster.url(),
        }
    }

    /// The server that takes writes, or one of those that do.
    pub(super) fn master(&self) -> &Redis {
        match self {
            Self::One(redis) => redis,
            Self::Set(set) => &set.servers[set.master().unwrap_or(0)],
            Self::Cluster(cluster) => masters::any(cluster),
        }
    }

    pub(super) fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Cluster(cluster) => Some(cluster),
            _ => None,
        }
    }

    /// Has another server become the master, after `inflict`, and begins `mend` then. Returns what
    /// happened, in words. `None`: nothing, because the set is not whole yet.
    pub(super) fn replace_master(
        &self,
        inflict: fn(&SentinelSet, &Redis),
        mend: fn(&Redis),
    ) -> Option<String> {
        let Self::Set(set) = self else {
            return None;
        };
        let old = set.master().filter(|old| is_whole(set, *old))?;
        let old = &set.servers[old];
        inflict(set, old);
        let mut new = None;
        wait("another server is the master", || {
            new = named(&set.sentinels).filter(|new| *new != old.addr());
            new.is_some()
        });
        mend(old);
        new.map(|new| format!("{} gave way to {new}", old.addr()))
    }
}

/// Whether both others follow the master, so that the sentinels can choose one of them.
fn is_whole(set: &SentinelSet, master: usize) -> bool {
    let client = set.servers[master].client();
    let followers = { client }.info("replication", "connected_slaves");
    followers.is_some_and(|count| count == "2")
}

/// An operator's failover.
pub(super) fn fail_over(set: &SentinelSet, _: &Redis) {
    // A sentinel that has not seen the replicas yet refuses, and another one may agree.
    wait("a sentinel agrees", || {
        let mut sentinels = set.sentinels.iter();
        sentinels.any(|it| it.fail_over() == Reply::Text("OK".to_owned()))
    });
}
