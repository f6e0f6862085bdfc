//! The servers of a set with sentinels.

use std::net::SocketAddr;

use cachekit_tests::redis::Redis;
use cachekit_tests::relay::Relay;
use cachekit_tests::sentinel::{self, Options, Sentinel};

use crate::said::PASSWORD;

/// The arrangement of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// After so long without an answer a server is taken for dead, in milliseconds.
    pub(crate) down_after: u32,
    /// Whether the network between the first server and all others can be cut. The second node and
    /// the first sentinel are on the side of that server.
    pub(crate) is_split: bool,
}

/// What there is besides the first server.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) sentinels: Vec<Sentinel>,
    pub(crate) replicas: Vec<Redis>,
    /// The network before the first server, for those on the other side.
    pub(crate) relay: Option<Relay>,
    layout: Layout,
}

impl Set {
    /// Starts the first server and everything else.
    pub(crate) fn start(layout: Layout, args: &[&str]) -> (Redis, Self) {
        let password = ["--requirepass", PASSWORD, "--masterauth", PASSWORD];
        let mut relay = None;
        let mut servers = sentinel::servers(&[&password[..], args].concat(), |master| {
            if !layout.is_split {
                return master;
            }
            relay.insert(Relay::to(master)).addr()
        });
        let first = servers.remove(0);
        let lines = sentinel::lines(&Options {
            down_after: layout.down_after,
            sentinels: &[&format!("sentinel auth-pass {{name}} {PASSWORD}")],
            ..Options::default()
        });
        let there = relay.as_ref().map_or(first.addr(), Relay::addr);
        let sentinels: Vec<_> = [first.addr(), there, there]
            .map(|master| Sentinel::start(master, &lines))
            .into();
        sentinel::wait_until_complete(&sentinels);
        let set = Self {
            sentinels,
            replicas: servers,
            relay,
            layout,
        };
        (first, set)
    }

    /// What a node looks for the master with.
    pub(crate) fn url(&self, user: &str, node: usize) -> String {
        let sentinels = match (self.layout.is_split, node) {
            (false, _) => &self.sentinels[..],
            (true, 0) => &self.sentinels[1..],
            (true, _) => &self.sentinels[..1],
        };
        sentinel::url(sentinels, &format!("{user}:{PASSWORD}@"))
    }

    /// Waits until these sentinels agree on one of the replicas as the master.
    pub(crate) fn wait_for_another(&self, sentinels: &[Sentinel]) -> SocketAddr {
        let mut named = None;
        sentinel::wait("the sentinels agree on another master", || {
            named = sentinel::named(sentinels);
            let mut replicas = self.replicas.iter();
            replicas.any(|it| Some(it.addr()) == named)
        });
        named.expect("they agree")
    }
}
