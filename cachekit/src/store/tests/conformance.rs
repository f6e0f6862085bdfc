//! Conformance cases: the port's promises, tested on Redis and on the fake store.

pub(crate) mod acquire;
pub(crate) mod adapters_agree;
pub(crate) mod cases;
pub(crate) mod cut_answers;
pub(crate) mod fill;
pub(crate) mod heartbeats;
pub(crate) mod in_cluster;
pub(crate) mod leases;
pub(crate) mod masters_away;
pub(crate) mod moving_slots;
pub(crate) mod remembered;
pub(crate) mod replicas;
pub(crate) mod server;
pub(crate) mod soft;
pub(crate) mod ttl;
pub(crate) mod write_marks;
pub(crate) mod write_order;
pub(crate) mod write_queues;

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::base::durations::from_now;
use crate::base::fault::Faults;
use crate::base::home_runtime::HomeRuntime;
use crate::encoding::envelope::write::Draft;
use crate::encoding::envelope::{Token, Version};
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::failure::Failure;
use crate::store::fake::controls::FakeStore;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::lease_grant::LeaseGrant;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{
    AcquireRequest, Acquired, EntryQuery, Found, LeaseTimes, NeededVersions, Store, TokenKind,
};
use crate::store::redis::Redis;
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::tls::Certificates;
use crate::store::tests::conformance::server::Server;

/// A short lifetime in tests of expiry: long enough for a slow machine to ask the store twice
/// within it, and short enough for a test to wait for its end.
const SHORT: Duration = Duration::from_millis(600);
const LONG: Duration = Duration::from_secs(60);
/// The longest time for which a test waits for a message on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// An adapter of the store under test, with the messages that it delivered.
struct Under {
    store: Arc<dyn Store>,
    node: NodeId,
    messages: Arc<Mutex<Vec<StoreEvent>>>,
    /// Notified whenever the store delivers a message.
    arrived: Arc<Notify>,
    _server: Option<Server>,
}

/// Makes an event sink that collects the events of a store, so that a test can check the events and
/// wait for them.
fn sink() -> (EventSink, Arc<Mutex<Vec<StoreEvent>>>, Arc<Notify>) {
    let (messages, arrived) = (Arc::new(Mutex::new(vec![])), Arc::new(Notify::new()));
    let (sink, notify) = (Arc::clone(&messages), Arc::clone(&arrived));
    let collect = move |message| {
        sink.lock().unwrap().push(message);
        notify.notify_waiters();
    };
    (Arc::new(collect), messages, arrived)
}

fn fake() -> Under {
    let (sink, messages, arrived) = sink();
    let node = NodeId::random();
    Under {
        store: FakeStore::new().open(node, sink),
        node,
        messages,
        arrived,
        _server: None,
    }
}

async fn redis() -> Under {
    redis_with(Faults::default()).await
}

async fn redis_with(faults: Faults) -> Under {
    let server = Server::start();
    let url = server.url();
    redis_at(&url, Some(server), faults).await
}

async fn redis_at(url: &str, server: Option<Server>, faults: Faults) -> Under {
    let (sink, messages, arrived) = sink();
    let node = NodeId::random();
    let settings = RedisSettings {
        url,
        password: None,
        certificates: &Certificates::default(),
        sentinel_user: None,
        sentinel_password: None,
        namespace: "shop",
        any_origin: false,
        has_intents: true,
        has_answers: true,
        bus_timeout: Duration::from_secs(1),
        faults,
    };
    let redis = Redis::open(settings, HomeRuntime::current(), node, sink);
    let store = Arc::new(redis.await.expect("an address"));
    let under = Under {
        store,
        node,
        messages,
        arrived,
        _server: server,
    };
    // A message that is sent before the subscription begins is lost.
    under.listens().await;
    under
}

fn name(text: &str) -> StoreKey {
    StoreKey::read(text.as_bytes())
}

fn names(texts: &[&str]) -> Vec<StoreKey> {
    texts.iter().map(|text| name(text)).collect()
}

/// The names of an entry in the store and of the versions that the entry depends on.
struct Spot {
    entry: StoreKey,
    versions: Vec<StoreKey>,
    guards: Vec<StoreKey>,
}

/// Returns the names of the entry that most conformance cases use.
fn spot() -> Spot {
    Spot {
        entry: name("k:a"),
        versions: names(&["all", "f:a", "t:tag"]),
        guards: names(&["g:org:"]),
    }
}

/// Returns the request for the right to compute that most conformance cases make, with `holder` as
/// the holder of the lease.
fn ask(holder: Option<Token>) -> AcquireRequest {
    AcquireRequest {
        holder,
        lease_times: LeaseTimes {
            lease: SHORT,
            room: LONG,
        },
        rejected_token: None,
        ends_rejected: false,
        force: false,
        token: TokenKind::Shared,
        any_origin: false,
        guards: spot().guards,
        version_life: LONG,
    }
}

/// Returns the lease holder with the number `number`. Returns `None` for 0.
fn holder(number: u8) -> Option<Token> {
    (number > 0).then_some(Token([number; 16]))
}

/// Returns `true` if the remaining time `length` is `expected`, less the time that a slow machine
/// takes.
fn is_about(length: Duration, expected: Duration) -> bool {
    length <= expected && length + SHORT > expected
}

impl Spot {
    fn query(&self) -> EntryQuery<'_> {
        EntryQuery {
            entry: &self.entry,
            versions: &self.versions,
            with_value_tags: true,
            beside: &[],
            is_encrypted: false,
        }
    }

    fn fencing_token(&self, grant: &LeaseGrant, holder: Option<Token>) -> FencingToken {
        FencingToken {
            entry: self.entry.clone(),
            token: grant.token,
            holder,
        }
    }

    /// Builds the fill (the request to store a value) for `grant`, with the given value tags.
    fn fill(&self, grant: &LeaseGrant, holder: Option<Token>, value_tags: &[&str]) -> Fill {
        self.any_fill(grant, holder, value_tags, None)
    }

    /// Builds the fill (the request to store a value) of a write with this `order`.
    fn ordered(&self, grant: &LeaseGrant, order: u64) -> Fill {
        self.any_fill(grant, None, &[], Some(order))
    }

    fn any_fill(
        &self,
        grant: &LeaseGrant,
        holder: Option<Token>,
        value_tags: &[&str],
        order: Option<u64>,
    ) -> Fill {
        let value_tags = names(value_tags);
        let tags = self.versions[2..].iter().chain(&value_tags);
        let tags: Vec<Box<[u8]>> = tags.map(|name| name.as_bytes().into()).collect();
        let draft = Draft {
            codec: 1,
            fingerprint: 7,
            origin: [0; 8],
            fill: match order {
                Some(_) => Token::random().same_generation_as(grant.token),
                None => Token::random(),
            },
            grace: Duration::ZERO,
            life: LONG,
            delta: Duration::ZERO,
            versions: &grant.versions,
            foreign_versions: &[],
            tags: &tags,
            function: "a",
            key: b"a",
            order,
            compress_above: None,
        };
        let payload = |out: &mut Vec<u8>| {
            out.extend(b"value");
            Ok::<(), ()>(())
        };
        Fill {
            message: None,
            ended: None,
            any_origin: false,
            fencing_token: self.fencing_token(grant, holder),
            grant: grant.clone(),
            versions: self.versions.clone(),
            guards: self.guards.clone(),
            value_tags,
            order,
            bytes: draft.write(Some(payload)).unwrap().bytes,
            is_encrypted: false,
            kept: LONG,
            version_life: LONG,
        }
    }
}

fn soon() -> Instant {
    from_now(Duration::from_secs(5))
}

impl Under {
    /// Waits until this node listens.
    async fn listens(&self) {
        for _ in 0..1_000 {
            let messages = self.messages.lock().unwrap().clone();
            let is_begin = |event: &StoreEvent| matches!(event, StoreEvent::Subscribed(_));
            if messages.iter().any(is_begin) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not listen");
    }

    async fn read(&self) -> Found {
        self.store.read(spot().query(), soon()).await.unwrap()
    }

    async fn acquire(&self, ask: &AcquireRequest) -> Acquired {
        let spot = spot();
        self.store.acquire(spot.query(), ask, soon()).await.unwrap()
    }

    async fn granted(&self, ask: &AcquireRequest) -> LeaseGrant {
        match self.acquire(ask).await {
            Acquired::Granted(grant) => grant,
            other => panic!("{other:?}"),
        }
    }

    async fn fill(&self, fill: &Fill) -> Filled {
        self.store.fill(fill, soon()).await.unwrap()
    }

    /// Stores a value, and returns the fill (the request that stored the value).
    async fn filled(&self) -> Fill {
        let grant = self.granted(&ask(None)).await;
        let fill = spot().fill(&grant, None, &[]);
        assert_eq!(self.fill(&fill).await, Filled::Stored);
        fill
    }

    async fn invalidate(&self, texts: &[&str]) {
        self.invalidate_by(InvalidationMode::Hard, texts).await;
    }

    async fn invalidate_softly(&self, texts: &[&str]) {
        self.invalidate_by(InvalidationMode::Soft, texts).await;
    }

    async fn invalidate_by(&self, mode: InvalidationMode, texts: &[&str]) {
        let names = names(texts);
        let told = BusMessage::Invalidated {
            from: NodeId::random(),
            ack: None,
            mode,
            names: names.clone(),
        };
        let done = self
            .store
            .invalidate(&names, mode, &[], &told, soon())
            .await;
        assert_eq!(done, Ok(()));
    }

    async fn versions(&self, texts: &[&str]) -> Vec<Option<Version>> {
        let names = names(texts);
        self.store.versions(&names, soon()).await.unwrap()
    }

    async fn release(&self, fencing_token: &FencingToken) {
        self.store.release(fencing_token, soon()).await.unwrap();
    }

    async fn renew(&self, fencing_token: &FencingToken, lease: Duration) {
        let lease_times = LeaseTimes { lease, room: LONG };
        let needed = NeededVersions {
            names: &names(&["t:tag", "g:org:"]),
            life: LONG,
        };
        self.store
            .renew(fencing_token, lease_times, needed, soon())
            .await
            .unwrap();
    }

    /// Returns `true` if the store wakes a waiter for the entry's lease within [`PATIENCE`].
    async fn is_woken(&self) -> bool {
        self.is_woken_within(PATIENCE).await
    }

    async fn is_woken_within(&self, limit: Duration) -> bool {
        let wake = StoreEvent::Wake(spot().entry);
        let woken = async {
            loop {
                let mut arrived = pin!(self.arrived.notified());
                arrived.as_mut().enable();
                if self.messages.lock().unwrap().contains(&wake) {
                    return;
                }
                arrived.await;
            }
        };
        timeout(limit, woken).await.is_ok()
    }
}
