//! The network of a cluster, which can be cut between one server and all others.

use std::net::{Ipv4Addr, SocketAddr};

use super::Cluster;
use crate::redis::{Redis, Reply};
use crate::relay::Relay;

/// The place at which a message between servers names its sender.
const SENDER: std::ops::Range<usize> = 40..80;

/// The way to one server: that of its clients, which replicas are too, and that of other servers.
#[derive(Debug)]
pub(crate) struct Wires {
    clients: Relay,
    bus: Relay,
}

impl Wires {
    /// A way to `server`, under whose addresses others know it.
    pub(crate) fn to(server: &Redis, bus: u16) -> Self {
        let wires = Self {
            clients: Relay::to(server.addr()),
            bus: Relay::to((Ipv4Addr::LOCALHOST, bus).into()),
        };
        for (setting, relay) in [("port", &wires.clients), ("bus-port", &wires.bus)] {
            let setting = format!("cluster-announce-{setting}");
            let port = relay.addr().port().to_string();
            let reply = server.client().run(&["CONFIG", "SET", &setting, &port]);
            assert_eq!(reply, Reply::Text("OK".to_owned()));
        }
        wires
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.clients.addr()
    }
}

impl Cluster {
    /// Cuts the server with this number off from all others. The clients whose first bytes have the
    /// name `inside` are on its side, and all others on the other side.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn cut_off(&self, number: usize, inside: &'static str) {
        let id = self.id(number).into_bytes();
        let is_inside = |opening: &[u8]| {
            let mut parts = opening.windows(inside.len());
            parts.any(|part| part == inside.as_bytes())
        };
        for (at, wires) in self.wires.iter().enumerate() {
            if at == number {
                wires.clients.cut_where(move |opening| !is_inside(opening));
                wires.bus.cut();
            } else {
                let id = id.clone();
                wires.clients.cut_where(is_inside);
                wires
                    .bus
                    .cut_where(move |opening| opening.get(SENDER) == Some(&id[..]));
            }
        }
    }

    /// Makes the network whole again.
    pub fn heal(&self) {
        for wires in &self.wires {
            wires.clients.heal();
            wires.bus.heal();
        }
    }
}
