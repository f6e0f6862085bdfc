//! The servers, networks and nodes of a row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cachekit::{Cache, CacheBuilder};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::{Client, Redis, Reply};

use crate::masters::Masters;
use crate::record::Record;
use crate::rows::Row;
use crate::said::PASSWORD;
use crate::set::Set;
use crate::settings::{
    BUS_TIMEOUT, LOCK_TIMEOUT, NAMESPACE, NODES, REDIS_TIMEOUT, Removed, on_disconnect,
};
use crate::truth::Truth;

/// Everything of one row.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) nodes: Vec<Cache>,
    pub(crate) truth: Truth,
    pub(crate) record: Record,
    /// No more is written, and nothing called.
    is_calm: AtomicBool,
    is_stopped: AtomicBool,
}

/// A Redis that wants a password, and the nodes' ways to it.
#[derive(Debug)]
pub(crate) struct Server {
    /// Empty where others say where the master is.
    pub(crate) proxies: Vec<Proxy>,
    servers: Servers,
}

#[derive(Debug)]
enum Servers {
    One(Redis),
    /// The master at the start, and the others.
    Sentinel(Redis, Set),
    Cluster(Masters),
}

impl Server {
    pub(crate) fn start(row: &Row) -> Self {
        let of_several = match (row.cluster, row.set) {
            (Some(layout), _) => Some(Servers::Cluster(Masters::start(layout, row.args))),
            (None, Some(layout)) => {
                let (redis, set) = Set::start(layout, row.args);
                Some(Servers::Sentinel(redis, set))
            }
            (None, None) => None,
        };
        if let Some(servers) = of_several {
            let proxies = Vec::new();
            return Self { proxies, servers };
        }
        let redis = Redis::with(&[&["--requirepass", PASSWORD], row.args].concat());
        let proxies = (0..NODES).map(|_| Proxy::to(redis.addr()));
        Self {
            proxies: proxies.collect(),
            servers: Servers::One(redis),
        }
    }

    /// The server of the fault: the only one, or the master at the start.
    pub(crate) fn redis(&self) -> &Redis {
        match &self.servers {
            Servers::One(redis) | Servers::Sentinel(redis, _) => redis,
            Servers::Cluster(masters) => &masters.cluster.servers[masters.hit],
        }
    }

    /// The sentinels and the other servers, if there are any.
    pub(crate) fn set(&self) -> Result<&Set, String> {
        match &self.servers {
            Servers::Sentinel(_, set) => Ok(set),
            _ => Err("there are no sentinels".to_owned()),
        }
    }

    /// The servers, if they are a cluster.
    pub(crate) fn masters(&self) -> Result<&Masters, String> {
        match &self.servers {
            Servers::Cluster(masters) => Ok(masters),
            _ => Err("there is no cluster".to_owned()),
        }
    }

    /// The keys of a cluster that are called for all the time.
    pub(crate) fn probes(&self) -> &[String] {
        self.masters().map_or(&[], |it| &it.probes)
    }

    /// Where a node looks for Redis.
    fn url(&self, row: &Row, node: usize) -> String {
        match (&self.servers, row.host) {
            (Servers::Sentinel(_, set), _) => set.url(row.user, node),
            (Servers::Cluster(masters), _) => masters.url(node),
            (Servers::One(_), Some(host)) => url(row, host),
            (Servers::One(_), None) => url(row, &self.proxies[node].addr().to_string()),
        }
    }

    /// The same for a node that reaches Redis directly.
    fn direct_url(&self, row: &Row) -> String {
        match &self.servers {
            Servers::One(redis) => url(row, &redis.addr().to_string()),
            _ => self.url(row, 0),
        }
    }

    /// A new connection that may do everything.
    pub(crate) fn client(&self) -> Client {
        let mut client = self.redis().client();
        client.run(&["AUTH", PASSWORD]);
        client
    }

    /// Runs one command, which must not be answered with an error.
    pub(crate) fn run(&self, command: &[&str]) -> Result<Reply, String> {
        run(&mut self.client(), command)
    }

    /// Does something to the network of each node.
    pub(crate) fn networks(&self, change: impl Fn(&Proxy)) {
        self.proxies.iter().for_each(change);
    }

    /// What the server counted, of `INFO`'s section `stats`.
    pub(crate) fn counted(&self, field: &str) -> u64 {
        let text = self.client().info("stats", field);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}

/// Runs one command, which must not be answered with an error.
pub(crate) fn run(client: &mut Client, command: &[&str]) -> Result<Reply, String> {
    match client.run(command) {
        Reply::Error(why) => Err(format!("{}: {why}", command[0])),
        reply => Ok(reply),
    }
}

impl World {
    /// Starts the nodes, before a server that may be away.
    pub(crate) async fn start(server: Server, row: &Row, broken: Option<Removed>) -> Arc<Self> {
        let mut nodes = Vec::new();
        for node in 0..NODES {
            let url = server.url(row, node);
            nodes.push(build(settings(row, &url, node), broken).await);
        }
        Arc::new(Self {
            server,
            nodes,
            truth: Truth::new(),
            record: Record::default(),
            is_calm: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
        })
    }

    /// A node that knows nothing but what is in Redis, which it reaches directly.
    pub(crate) async fn newcomer(&self, row: &Row) -> Cache {
        let url = self.server.direct_url(row);
        build(settings(row, &url, 0), None).await
    }

    /// From here on nothing is written.
    pub(crate) fn calm(&self) {
        self.is_calm.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::SeqCst)
    }

    /// From here on nothing is called.
    pub(crate) fn stop(&self) {
        self.calm();
        self.is_stopped.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }
}

fn url(row: &Row, host: &str) -> String {
    format!("redis://{}:{PASSWORD}@{host}", row.user)
}

fn settings(row: &Row, url: &str, node: usize) -> CacheBuilder {
    Cache::builder()
        .namespace(NAMESPACE)
        .redis(url)
        .redis_timeout(REDIS_TIMEOUT)
        .bus_timeout(BUS_TIMEOUT)
        .lock_timeout(LOCK_TIMEOUT)
        .on_disconnect(on_disconnect(node))
        .on_new_master(row.on_new_master)
}

async fn build(mut settings: CacheBuilder, broken: Option<Removed>) -> Cache {
    if let Some(broken) = broken {
        settings = broken.apply(settings);
    }
    settings.build().await.expect("a valid set-up")
}
