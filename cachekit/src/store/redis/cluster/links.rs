//! The connections of this process to the masters of a Redis Cluster.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::Pipeline;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::base::durations::from_now;
use crate::base::home_runtime::HomeRuntime;
use crate::base::join::join_all;
use crate::base::sync::RwLock;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::failure::Failure;
use crate::store::redis::address::Address;
use crate::store::redis::cluster::names::Names;
use crate::store::redis::cluster::seeds::{Seeds, have_slots, nodes_question};
use crate::store::redis::cluster::topology::{Master, SlotMap};
use crate::store::redis::cluster::write_check::WriteCheck;
use crate::store::redis::connected::Connected;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::place::Place;
use crate::store::redis::reply::{Problem, Said};
use crate::store::redis::script::Scripts;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::Unconnected;

/// The number of masters that are asked for the map of slots. A master that is cut off from the
/// others gives an old answer.
const ASKED: usize = 3;

/// The interval at which masters are asked for the map of slots.
const PERIOD: Duration = Duration::from_secs(5);

/// The shortest pause between two questions for the map of slots.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between two questions for a map that is in doubt and stays the same, as while a
/// master is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The connection to one master.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) connections: ConnectionManager,
    pub(crate) write_check: WriteCheck,
}

/// The connection that an answer came from, which need not be the present one of its slot.
#[derive(Debug, Clone)]
pub(crate) struct Speaker {
    pub(crate) link: Arc<Link>,
    pub(crate) connected: Arc<Connected>,
}

impl Speaker {
    /// Returns the present connection of `link`.
    ///
    /// # Errors
    ///
    /// Returns `Unavailable` if there is none.
    pub(crate) fn of(link: Arc<Link>) -> Result<Self, Failure> {
        let connected = link.connections.current().ok_or(Failure::Unavailable)?;
        Ok(Self { link, connected })
    }

    /// Returns the parsed answer in `said`, or converts its problem into the failure of the
    /// operation. Discards this connection after an answer of a wrong form.
    pub(crate) fn said<T>(&self, said: Said<T>) -> Result<T, Failure> {
        said.map_err(|problem| match problem {
            Problem::Refused(code) => Failure::Rejected(code),
            Problem::MalformedReply => {
                self.link.connections.discard_connection(&self.connected);
                Failure::Indeterminate
            }
        })
    }
}

/// The result of the first attempt to connect to one master.
pub(crate) type First = (Arc<Link>, Topology, Result<MissingRights, Unconnected>);

/// The map of slots and the connections, which are shared with the task that refreshes them.
pub(crate) struct Links {
    seeds: Seeds,
    names: Names,
    scripts: Arc<Scripts>,
    home: Arc<HomeRuntime>,
    sink: EventSink,
    map: RwLock<Arc<SlotMap>>,
    by_place: RwLock<HashMap<Place, Arc<Link>>>,
    /// Wakes the task that refreshes the map, because an answer showed that the map is old.
    doubt: Notify,
    /// Notified whenever the map was refreshed.
    pub(crate) refreshed: Notify,
    /// Notified whenever the map may have changed.
    pub(crate) changed: Notify,
    /// The number of connections for commands that were made so far.
    connects: Arc<AtomicU64>,
}

impl Links {
    pub(crate) fn new(
        seeds: Seeds,
        names: Names,
        scripts: Arc<Scripts>,
        home: Arc<HomeRuntime>,
        sink: EventSink,
    ) -> Self {
        Self {
            seeds,
            names,
            scripts,
            home,
            sink,
            map: RwLock::default(),
            by_place: RwLock::default(),
            doubt: Notify::new(),
            refreshed: Notify::new(),
            changed: Notify::new(),
            connects: Arc::default(),
        }
    }

    /// Returns the master of `slot`, as far as this process knows it.
    pub(crate) fn master(&self, slot: u16) -> Option<Place> {
        self.map.read().master(slot).cloned()
    }

    /// Returns the address of the master at `place`, with the login of all masters.
    pub(crate) fn address(&self, place: &Place) -> Address {
        self.seeds.at(place)
    }

    /// Returns the link to the master at `place`, or `None` if there is none yet.
    pub(crate) fn link(&self, place: &Place) -> Option<Arc<Link>> {
        self.by_place.read().get(place).cloned()
    }

    /// Returns all links, in the order of their places.
    pub(crate) fn all(&self) -> Vec<(Place, Arc<Link>)> {
        let links = self.by_place.read();
        let mut all: Vec<_> = links
            .iter()
            .map(|(place, link)| (place.clone(), Arc::clone(link)))
            .collect();
        drop(links);
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }

    /// Returns the links to the masters that have slots, in the order of their places.
    pub(crate) fn serving(&self) -> Vec<(Place, Arc<Link>)> {
        let map = Arc::clone(&*self.map.read());
        let mut all = self.all();
        all.retain(|(place, _)| map.has_slots(place));
        all
    }

    /// Returns the number of connections for commands that were made so far.
    pub(crate) fn connects(&self) -> u64 {
        self.connects.load(Ordering::Relaxed)
    }

    /// Has the map of slots refreshed soon, because it may be old.
    pub(crate) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Returns the place by which this process knows the master that a server named as `place`.
    pub(crate) fn named(&self, place: &Place) -> Place {
        self.map.read().named(place).clone()
    }

    /// Records that a server said that `slot` belongs to the master at `place`.
    pub(crate) fn moved(&self, slot: u16, place: &Place) {
        let mut map = self.map.write();
        let place = map.named(place).clone();
        if map.master(slot) != Some(&place) {
            Arc::make_mut(&mut map).moved(slot, &place);
        }
        drop(map);
        self.changed.notify_waiters();
        self.doubt();
    }

    /// Refreshes the map of slots at intervals, and whenever it is in doubt. Never returns.
    pub(crate) async fn keep(self: Arc<Self>) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            // The map is refreshed in both cases.
            let doubted = timeout(PERIOD, self.doubt.notified()).await;
            let before = Arc::clone(&self.map.read());
            // No answer keeps the map that is there.
            let _ = self.refresh().await;
            // A master that is away puts the map in doubt for as long as it is away.
            let is_same = **self.map.read() == *before;
            pause = if doubted.is_ok() && is_same {
                (pause * 2).min(LONGEST_PAUSE)
            } else {
                SHORTEST_PAUSE
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks masters for the map of slots, and the addresses in the settings if no master answers.
    /// Connects to new masters, and returns the results of these first attempts.
    ///
    /// # Errors
    ///
    /// Returns the last error if nobody answers.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<Vec<First>, Unconnected> {
        let mut views = self.ask_masters().await;
        if views.is_empty() {
            views = vec![self.seeds.ask(&[]).await?];
        }
        let map = SlotMap::of(&views);
        if map.masters().is_empty() {
            return Ok(vec![]);
        }
        let map = Arc::new(map);
        // Before the connections, one of which may take long.
        *self.map.write() = Arc::clone(&map);
        let firsts = self.connect(&map).await;
        self.refreshed.notify_waiters();
        self.changed.notify_waiters();
        Ok(firsts)
    }

    async fn ask_masters(&self) -> Vec<Vec<Master>> {
        let mut links = self.all();
        links.retain(|(_, link)| link.connections.current().is_some());
        fastrand::shuffle(&mut links);
        links.truncate(ASKED);
        let ask = async |(place, link): (Place, Arc<Link>)| {
            let speaker = Speaker::of(link).ok()?;
            let mut question = Pipeline::new();
            question.add_command(nodes_question());
            let until = from_now(CONNECT_TIMEOUT);
            let connections = &speaker.link.connections;
            let answers = connections.run(&speaker.connected, &question, until);
            let answers = answers.await.ok()?;
            let masters = self.seeds.read(answers.first()?, &place);
            // A node that has left the cluster knows no slots, and no other master.
            Some(masters).filter(|masters| have_slots(masters))
        };
        let views = join_all(links.into_iter().map(ask).collect()).await;
        views.into_iter().flatten().collect()
    }

    /// Has the next test of the master at `place` remove a name of another slot, because its slot gets
    /// another master.
    pub(crate) fn leave_tested_slot(&self, place: &Place, link: &Link) {
        let map = Arc::clone(&*self.map.read());
        let name = self.unused(&map, place, link.write_check.slot());
        link.write_check.rename(name);
        self.doubt();
    }

    /// Returns a name that never has a value, in a slot of the master at `place` other than `but`.
    fn unused(&self, map: &SlotMap, place: &Place, but: Option<u16>) -> Option<Vec<u8>> {
        let is_own = |slot: u16| map.master(slot) == Some(place) && Some(slot) != but;
        self.names.unused(is_own)
    }

    /// Connects to the masters of `map` that have no link yet, and drops the links of others.
    async fn connect(self: &Arc<Self>, map: &SlotMap) -> Vec<First> {
        let mut kept = Vec::new();
        for (place, link) in self.all() {
            if !map.masters().contains(&place) {
                let removed = self.by_place.write().remove(&place);
                // The connection is dropped after the lock is released.
                drop(removed);
                continue;
            }
            let tested = link.write_check.slot();
            if tested.is_none_or(|slot| map.master(slot) != Some(&place)) {
                link.write_check.rename(self.unused(map, &place, None));
            }
            kept.push(place);
        }
        let is_new = |place: &&Place| !kept.contains(place);
        let new = map.masters().iter().filter(is_new).cloned();
        let open = async |place: Place| {
            let unused = self.unused(map, &place, None);
            let topology = Topology::Server(Arc::new(self.address(&place)));
            let (connections, first) = ConnectionManager::open(
                Arc::clone(&self.home),
                topology.clone(),
                self.seeds.tenant.clone(),
                Arc::clone(&self.scripts),
                vec![unused.clone().unwrap_or_else(|| self.names.beat())],
                self.sink_of_one(),
            )
            .await;
            let link = Arc::new(Link {
                connections,
                write_check: WriteCheck::new(unused),
            });
            if first.is_ok() || self.link(&place).is_none() {
                let replaced = self.by_place.write().insert(place, Arc::clone(&link));
                // The connection is dropped after the lock is released.
                drop(replaced);
            }
            (link, topology, first)
        };
        join_all(new.map(open).collect()).await
    }

    /// Returns the sink of the connections to one master. It counts connections, and a lost
    /// connection puts the map of slots in doubt.
    fn sink_of_one(self: &Arc<Self>) -> EventSink {
        let (links, sink): (Weak<Self>, _) = (Arc::downgrade(self), Arc::clone(&self.sink));
        let connects = Arc::clone(&self.connects);
        Arc::new(move |event| {
            match event {
                StoreEvent::Up(true) => {
                    connects.fetch_add(1, Ordering::Relaxed);
                }
                StoreEvent::Up(false) => {
                    if let Some(links) = links.upgrade() {
                        links.doubt();
                    }
                }
                _ => {}
            }
            sink(event);
        })
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links")
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}
