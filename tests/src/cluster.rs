//! A Redis Cluster of real servers: masters with slots, and replicas of them.

mod present;
mod wires;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use self::wires::Wires;
use crate::ports;
use crate::proxy::Proxy;
use crate::redis::{Redis, Reply};
use crate::sentinel::wait;

/// So many slots has every cluster.
const SLOTS: usize = 16_384;

/// The number of attempts to move a name that a master refuses, and the pause between two attempts.
const MOST_ATTEMPTS: usize = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// The properties of a cluster.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// So many masters share the slots.
    pub masters: usize,
    /// So many replicas has each master.
    pub replicas: usize,
    /// After so long without an answer a server is taken for dead, in milliseconds.
    pub node_timeout: u32,
    /// `true` if there is a proxy before each server, which all others and all clients go by.
    pub has_proxies: bool,
    /// `true` if there is a network before each server, which all others and all clients go by, and
    /// which can be cut.
    pub has_wires: bool,
    /// Arguments of the servers.
    pub args: &'a [&'a str],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            masters: 3,
            replicas: 0,
            node_timeout: 2_000,
            has_proxies: false,
            has_wires: false,
            args: &[],
        }
    }
}

/// Servers of which each knows all others. The first ones are masters at the start, and then come
/// the first replica of each master, the second one of each, and so on.
#[derive(Debug)]
pub struct Cluster {
    /// The proxies, one for each server, which are gone before the servers.
    pub proxies: Vec<Proxy>,
    /// The networks, likewise.
    wires: Vec<Wires>,
    /// The servers.
    pub servers: Vec<Redis>,
    masters: usize,
}

impl Cluster {
    /// Three masters without replicas.
    ///
    /// # Panics
    ///
    /// If they do not start.
    pub fn start() -> Self {
        Self::with(&Options::default())
    }

    /// Three masters with a replica each.
    ///
    /// # Panics
    ///
    /// If they do not start.
    pub fn with_replicas() -> Self {
        Self::with(&Options {
            replicas: 1,
            ..Options::default()
        })
    }

    /// A cluster whose servers agree on all slots.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn with(options: &Options<'_>) -> Self {
        let count = options.masters * (1 + options.replicas);
        let (servers, buses): (Vec<_>, Vec<_>) = (0..count).map(|_| server(options)).unzip();
        let proxies = if options.has_proxies {
            servers.iter().map(announced).collect()
        } else {
            vec![]
        };
        let wires = if options.has_wires {
            let each = servers.iter().zip(&buses);
            each.map(|(server, bus)| Wires::to(server, *bus)).collect()
        } else {
            vec![]
        };
        let cluster = Self {
            proxies,
            wires,
            servers,
            masters: options.masters,
        };
        cluster.join(buses[0]);
        cluster
    }

    fn join(&self, first_bus: u16) {
        let first = self.servers[0].addr();
        let (host, port) = (first.ip().to_string(), first.port().to_string());
        for (number, server) in self.servers.iter().enumerate() {
            let mut client = server.client();
            let mut run = |words: &[&str]| {
                let reply = client.run(&[&["CLUSTER"], words].concat());
                assert_eq!(reply, Reply::Text("OK".to_owned()), "{words:?}");
            };
            if number < self.masters {
                let start = |number: usize| number * SLOTS / self.masters;
                let (first, last) = (start(number), start(number + 1) - 1);
                run(&["ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            }
            run(&["SET-CONFIG-EPOCH", &(number + 1).to_string()]);
            if number > 0 {
                run(&["MEET", &host, &port, &first_bus.to_string()]);
            }
        }
        let count = format!("cluster_known_nodes:{}", self.servers.len());
        wait("the servers know of each other", || {
            let mut all = self.servers.iter();
            all.all(|it| it.cluster_info().contains(&count) && it.knows_no_handshake())
        });
        for number in self.masters..self.servers.len() {
            let master = self.id(number % self.masters);
            let replicate = ["CLUSTER", "REPLICATE", &master];
            let reply = self.servers[number].client().run(&replicate);
            assert_eq!(reply, Reply::Text("OK".to_owned()));
        }
        self.wait_until_whole();
    }

    /// Waits until each server says that the cluster is whole, knows all replicas, and each replica
    /// follows its master.
    ///
    /// # Panics
    ///
    /// If that is not soon.
    pub fn wait_until_whole(&self) {
        let replicas = self.servers.len() - self.masters;
        wait("the cluster is whole", || {
            self.servers.iter().all(|server| {
                let knows = server.nodes().matches("slave").count() == replicas;
                let link = server.client().info("replication", "master_link_status");
                server.cluster_info().contains("cluster_state:ok")
                    && knows
                    && link.is_none_or(|status| status == "up")
            })
        });
    }

    /// `redis+cluster://..`, with all servers, or their proxies if there are any.
    pub fn url(&self) -> String {
        let addrs = (0..self.servers.len()).map(|number| self.addr(number).to_string());
        format!("redis+cluster://{}", addrs.collect::<Vec<_>>().join(","))
    }

    /// Returns the address at which clients reach the server with this number.
    pub fn addr(&self, number: usize) -> SocketAddr {
        let proxy = self.proxies.get(number).map(Proxy::addr);
        let proxy = proxy.or_else(|| self.wires.get(number).map(Wires::addr));
        proxy.unwrap_or_else(|| self.servers[number].addr())
    }

    /// The slot of a name in Redis.
    ///
    /// # Panics
    ///
    /// If the first server does not answer.
    pub fn slot(&self, name: &str) -> u16 {
        let slot = self.servers[0].client().int(&["CLUSTER", "KEYSLOT", name]);
        u16::try_from(slot).expect("a slot")
    }

    /// The number of the master that had `slot` at the start.
    pub fn owner(&self, slot: u16) -> usize {
        let is_before = |number: &usize| (number + 1) * SLOTS / self.masters <= usize::from(slot);
        (0..self.masters).take_while(is_before).count()
    }

    /// The number of the master that had the slot of messages of this namespace at the start.
    pub fn bus_owner(&self, namespace: &str) -> usize {
        self.owner(self.slot(&format!("{{{namespace}:bus}}")))
    }

    /// Has the replica with this number become the master, as an operator does. Back when it is.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn fail_over(&self, replica: usize) {
        let server = &self.servers[replica];
        let reply = server.client().run(&["CLUSTER", "FAILOVER"]);
        assert_eq!(reply, Reply::Text("OK".to_owned()));
        wait("the replica is the master", || self.is_master(replica));
    }

    /// Returns `true` if the server with this number takes itself for a master.
    pub fn is_master(&self, number: usize) -> bool {
        let role = self.servers[number].client().info("replication", "role");
        role.as_deref() == Some("master")
    }

    fn id(&self, number: usize) -> String {
        match self.servers[number].client().run(&["CLUSTER", "MYID"]) {
            Reply::Bulk(id) => String::from_utf8(id).expect("digits"),
            other => panic!("no id: {other:?}"),
        }
    }

    /// Begins to move `slot` from its owner to another master. Its names stay for now.
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) -> Move<'_> {
        let moving = Move {
            cluster: self,
            slot: slot.to_string(),
            from,
            to,
        };
        moving.set(to, &["IMPORTING", &self.id(from)]);
        moving.set(from, &["MIGRATING", &self.id(to)]);
        moving
    }
}

/// A slot on its way from one master to another.
#[derive(Debug)]
pub struct Move<'a> {
    cluster: &'a Cluster,
    slot: String,
    from: usize,
    to: usize,
}

impl Move<'_> {
    fn set(&self, number: usize, words: &[&str]) {
        let command = [&["CLUSTER", "SETSLOT", &self.slot], words].concat();
        let reply = self.cluster.servers[number].client().run(&command);
        assert_eq!(reply, Reply::Text("OK".to_owned()), "{command:?}");
    }

    /// Moves all names of the slot, and then the slot.
    ///
    /// # Panics
    ///
    /// If a server refuses.
    pub fn end(self) {
        let mut source = self.cluster.servers[self.from].client();
        let port = self.cluster.servers[self.to].addr().port().to_string();
        let ask = ["CLUSTER", "GETKEYSINSLOT", &self.slot, "1000"];
        let Reply::List(names) = source.run(&ask) else {
            panic!("no names");
        };
        for name in names {
            let Reply::Bulk(name) = name else {
                panic!("{name:?} is no name");
            };
            let host: &[u8] = b"127.0.0.1";
            let words = [b"MIGRATE", host, port.as_bytes(), &name, b"0", b"5000"];
            let mut reply = source.run(&words);
            for _ in 0..MOST_ATTEMPTS {
                // A name whose time is over is not there any more.
                if matches!(reply, Reply::Text(_)) {
                    break;
                }
                // A master that has just started refuses everything for a moment.
                thread::sleep(PAUSE);
                reply = source.run(&words);
            }
            assert!(matches!(reply, Reply::Text(_)), "{reply:?}");
        }
        let target = self.cluster.id(self.to);
        self.set(self.to, &["NODE", &target]);
        self.set(self.from, &["NODE", &target]);
    }

    /// Leaves the slot where it is.
    pub fn give_up(self) {
        self.set(self.from, &["STABLE"]);
        self.set(self.to, &["STABLE"]);
    }
}

/// A server, and its port for other servers.
fn server(options: &Options<'_>) -> (Redis, u16) {
    let bus = ports::free();
    let (port, timeout) = (bus.to_string(), options.node_timeout.to_string());
    let args = [
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &port,
        "--cluster-node-timeout",
        &timeout,
        "--repl-diskless-sync-delay",
        "0",
        "--repl-ping-replica-period",
        "1",
    ];
    (Redis::with(&[&args[..], options.args].concat()), bus)
}

/// A proxy before `server`, under whose address others know the server.
fn announced(server: &Redis) -> Proxy {
    let proxy = Proxy::to(server.addr());
    let port = proxy.addr().port().to_string();
    let announce = ["CONFIG", "SET", "cluster-announce-port", &port];
    let reply = server.client().run(&announce);
    assert_eq!(reply, Reply::Text("OK".to_owned()));
    proxy
}

impl Redis {
    fn cluster_text(&self, what: &str) -> String {
        match self.client().run(&["CLUSTER", what]) {
            Reply::Bulk(text) => String::from_utf8_lossy(&text).into_owned(),
            other => panic!("CLUSTER {what}: {other:?}"),
        }
    }

    fn cluster_info(&self) -> String {
        self.cluster_text("INFO")
    }

    fn nodes(&self) -> String {
        self.cluster_text("NODES")
    }

    fn knows_no_handshake(&self) -> bool {
        !self.nodes().contains("handshake")
    }
}
