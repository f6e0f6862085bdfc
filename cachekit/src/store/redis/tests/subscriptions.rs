//! Subscriptions are made at a master only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::base::fault::Faults;
use crate::base::fault::guards::Fault;
use crate::base::home_runtime::HomeRuntime;
use crate::base::sync::Mutex;
use crate::store::event::StoreEvent;
use crate::store::message::NodeId;
use crate::store::redis::address::Address;
use crate::store::redis::cluster::names::Names;
use crate::store::redis::resolver::Resolver;
use crate::store::redis::subscriber::{Source, Subscriber};
use crate::store::redis::tests::masters::Masters;
use crate::store::redis::tls::Certificates;
use crate::store::redis::unconnected::Unconnected;

/// So many attempts are made before a test believes that none succeeds.
const ATTEMPTS: usize = 4;

/// Names one server, whatever its role.
#[derive(Debug)]
struct Stubborn {
    address: Address,
    attempts: Arc<AtomicUsize>,
}

impl Resolver for Stubborn {
    async fn connect<T, F, Fut>(&self, attempt: F) -> Result<(T, u64), Unconnected>
    where
        T: Send,
        F: Fn(Address) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Unconnected>> + Send,
    {
        let made = attempt(self.address.clone()).await;
        self.attempts.fetch_add(1, Ordering::Relaxed);
        Ok((made?, 0))
    }

    fn may_change(&self) -> bool {
        true
    }

    fn changes(&self) -> u64 {
        0
    }

    async fn changed(&self, _: u64) {
        std::future::pending::<()>().await;
    }

    async fn moved(&self, _: &Address, _: u64) {
        std::future::pending::<()>().await;
    }
}

/// Returns `true` if a process subscribes at the server.
async fn subscribes(server: &Masters, faults: Faults) -> bool {
    let url = format!("redis://127.0.0.1:{}", server.port(0));
    let address = Address::parse(&url, None, &Certificates::default());
    let attempts: Arc<AtomicUsize> = Arc::default();
    let names = Names::new("shop");
    let source = Source {
        resolver: Stubborn {
            address: address.expect("an address"),
            attempts: Arc::clone(&attempts),
        },
        nothing: names.beat(),
        faults,
    };
    let events: Arc<Mutex<Vec<StoreEvent>>> = Arc::default();
    let sink = Arc::clone(&events);
    let channels = names.channels(NodeId::random(), true);
    let subscriber = Subscriber::open(
        HomeRuntime::current(),
        source,
        channels,
        Arc::new(move |event| sink.lock().push(event)),
    );
    let is_subscribed = || {
        let events = events.lock();
        let is_begin = |event: &StoreEvent| matches!(event, StoreEvent::Subscribed(_));
        events.iter().any(is_begin)
    };
    while attempts.load(Ordering::Relaxed) < ATTEMPTS && !is_subscribed() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(subscriber);
    is_subscribed()
}

#[tokio::test]
async fn g5_a_replica_is_not_subscribed_to() {
    let server = Masters::single();
    assert!(subscribes(&server, Faults::default()).await, "a master");
    let follow: [&[u8]; 3] = [b"REPLICAOF", b"127.0.0.1", b"1"];
    assert_eq!(server.text(0, &follow), "OK");
    assert!(!subscribes(&server, Faults::default()).await);
    let trusting = Faults::default().with(Fault::TrustSentinel);
    assert!(subscribes(&server, trusting).await);
}
