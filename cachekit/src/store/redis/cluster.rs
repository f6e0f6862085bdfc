//! The adapter that implements the port to a shared store (L2) with a Redis Cluster.
//!
//! The names, the orders and the guarantees are those of `docs/decisions/0019-cluster.md`. Each entry
//! has one slot, with its token, its lease and the version of its key. The versions on which it
//! depends are at other masters, and this process compares them.

pub(crate) mod acquire;
pub(crate) mod bus;
pub(crate) mod examine;
pub(crate) mod fill;
pub(crate) mod group;
pub(crate) mod guards;
pub(crate) mod information;
pub(crate) mod late;
pub(crate) mod links;
pub(crate) mod messages;
pub(crate) mod names;
pub(crate) mod operations;
pub(crate) mod origins;
pub(crate) mod queues;
pub(crate) mod reads;
pub(crate) mod remembered;
pub(crate) mod removal;
pub(crate) mod route;
pub(crate) mod seeds;
pub(crate) mod slot;
pub(crate) mod topology;
pub(crate) mod totals;
pub(crate) mod versions;
pub(crate) mod write_check;

use std::sync::Arc;

use redis::Value;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::base::fault::{Faults, guard};
use crate::base::home_runtime::HomeRuntime;
use crate::base::sync::Mutex;
use crate::base::trace::redis_connection;
use crate::store::event::EventSink;
use crate::store::failure::Failure;
use crate::store::message::NodeId;
use crate::store::redis::cluster::bus::BusMaster;
use crate::store::redis::cluster::examine::ClusterExaminer;
use crate::store::redis::cluster::group::{Answer, Group};
use crate::store::redis::cluster::guards::Guards;
use crate::store::redis::cluster::links::{First, Links};
use crate::store::redis::cluster::names::Names;
use crate::store::redis::cluster::remembered::{LiveProbe, Remembered};
use crate::store::redis::cluster::route::{Answered, Router};
use crate::store::redis::cluster::seeds::Seeds;
use crate::store::redis::script::{OF_CLUSTER, Scripts};
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::subscriber::{Source, Subscriber};
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::wrong::Wrong;
use crate::store::redis::{first_attempt, permissions, reply};

/// The store (L2) on a Redis Cluster, with this process's connections to the masters.
#[derive(Debug)]
pub(crate) struct Cluster {
    names: Names,
    links: Arc<Links>,
    router: Arc<Router>,
    guards: Guards,
    remembered: Remembered,
    subscriber: Subscriber<BusMaster>,
    examiner: ClusterExaminer,
    home: Arc<HomeRuntime>,
    /// The task that refreshes the map of slots.
    refresher: Mutex<AbortHandle>,
    /// `true` if the cache accepts every data set that a master may hold.
    any_origin: bool,
    faults: Faults,
}

impl Cluster {
    /// Connects to the masters of the cluster in `settings`, by tasks on `home`. If no node can be
    /// reached now, a background task connects as soon as one can be reached.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if the address cannot be parsed, a server refuses the login
    /// or is no node of a cluster, or the account may not run a command that the cache needs.
    pub(crate) async fn open(
        settings: RedisSettings<'_>,
        home: Arc<HomeRuntime>,
        node: NodeId,
        (sink, is_live): (EventSink, LiveProbe),
    ) -> Result<Self, Wrong> {
        let seeds = Seeds::parse(&settings)?;
        let examiner = ClusterExaminer::new(&settings)?;
        let shown = format!("{seeds:?}");
        let scripts = Arc::new(Scripts::new(&settings, &OF_CLUSTER));
        let names = Names::new(settings.namespace);
        let links = Arc::new(Links::new(
            seeds,
            names.clone(),
            Arc::clone(&scripts),
            Arc::clone(&home),
            Arc::clone(&sink),
        ));
        match links.refresh().await {
            Ok(firsts) => {
                for first in firsts {
                    judge(&settings, first)?;
                }
            }
            Err(error) => judge_error(&shown, error)?,
        }
        // The first map is that of one node, which may be cut off from the others.
        links.doubt();
        let refresher = home.spawn(Arc::clone(&links).keep());
        let source = Source {
            resolver: BusMaster::new(Arc::clone(&links), names.bus_slot()),
            nothing: names.beat(),
            faults: settings.faults,
        };
        let channels = names.channels(node, settings.has_answers);
        let subscriber = Subscriber::open(Arc::clone(&home), source, channels, sink);
        Ok(Self {
            names,
            router: Arc::new(Router::new(
                Arc::clone(&links),
                scripts,
                settings.bus_timeout * 3 / 4,
            )),
            links,
            guards: Guards::default(),
            remembered: Remembered::new(is_live),
            subscriber,
            examiner,
            home,
            refresher: Mutex::new(refresher.abort_handle()),
            any_origin: settings.any_origin,
            faults: settings.faults,
        })
    }

    /// Begins the tasks of this store on the home runtime, which has changed.
    fn begin_again(&self) {
        let mut refresher = self.refresher.lock();
        refresher.abort();
        *refresher = self
            .home
            .spawn(Arc::clone(&self.links).keep())
            .abort_handle();
        drop(refresher);
        for (_, link) in self.links.all() {
            link.connections.begin_again();
        }
        self.subscriber.begin_again();
    }

    /// Sends `groups` to the masters of their slots, and returns all answers, or the first failure.
    async fn run(&self, groups: Vec<Group>, until: Instant) -> Result<Vec<Answer>, Failure> {
        let answered = self.router.run(groups, until).await;
        answered.into_iter().collect()
    }

    async fn run_one(&self, group: Group, until: Instant) -> Answered {
        self.router.run_one(group, until).await
    }

    /// Returns an empty group for the bus slot.
    fn on_bus(&self) -> Group {
        Group::of_bus(self.names.bus_slot())
    }

    /// Sends one command, or script, whose answer must be a number.
    async fn count(&self, group: Group, until: Instant) -> Result<i64, Failure> {
        match self.run_one(group, until).await?.last() {
            (Value::Int(number), _) => Ok(number),
            (other, speaker) => speaker.said(Err(reply::problem(&other))),
        }
    }

    /// Discards the connection to the master of `slot`.
    fn discard(&self, slot: u16) {
        let link = self
            .links
            .master(slot)
            .and_then(|place| self.links.link(&place));
        if let Some(link) = link
            && let Some(connected) = link.connections.current()
        {
            link.connections.discard_connection(&connected);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.refresher.lock().abort();
    }
}

/// Judges the first attempt to connect to one master.
fn judge(settings: &RedisSettings<'_>, (link, topology, first): First) -> Result<(), Wrong> {
    let spares_info = guard!(settings, BelieveUnknown: settings.any_origin);
    let can_be_spared =
        |it: &str| permissions::can_be_spared(it, spares_info, settings.has_intents);
    first_attempt::judge(&link.connections, &topology, first, can_be_spared)
}

/// Reports that the servers `shown` cannot be reached. Returns the problem and the remedy if no
/// further attempt can succeed.
fn judge_error(shown: &str, error: Unconnected) -> Result<(), Wrong> {
    if let Some(lasting) = error.lasting {
        return Err(lasting.wrong());
    }
    redis_connection::redis_unreachable_at_start(shown, &error.why);
    Ok(())
}
