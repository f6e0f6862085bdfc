//! The adapter for a Redis Cluster: names, origins, messages and marks, on real masters.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::*;
use crate::encoding::envelope::read::Envelope;
use crate::store::port::MadeBy;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::names::Names;
use crate::store::redis::cluster::remembered::LiveProbe;
use crate::store::redis::cluster::slot::slot;
use crate::store::redis::tests::masters::{Masters, masters, owner};
use crate::store::redis::wrong::Wrong;
use crate::store::write_mark::WriteMark;

/// Opens the adapter for the cluster of this program, with a namespace of its own.
pub(super) async fn redis_cluster() -> Under {
    let namespace = format!("case{:x}", fastrand::u64(..));
    under_cluster(masters(), &namespace).await
}

/// Opens the adapter for the cluster of these masters. Nobody passes messages on to it, so it
/// remembers nothing.
pub(super) async fn under_cluster(masters: &Masters, namespace: &str) -> Under {
    under_cluster_with(masters, namespace, false, Faults::default()).await
}

/// Opens the adapter for the cluster of these masters, which remembers versions if `is_live`.
pub(super) async fn under_cluster_with(
    masters: &Masters,
    namespace: &str,
    is_live: bool,
    faults: Faults,
) -> Under {
    let (sink, messages, arrived) = sink();
    let node = NodeId::random();
    let events: (EventSink, LiveProbe) = (sink, Arc::new(move || is_live));
    let store = open_cluster(&masters.url(), namespace, node, events, faults).await;
    let under = Under {
        store: Arc::new(store.expect("an address")),
        node,
        messages,
        arrived,
        _server: None,
    };
    under.listens().await;
    under
}

async fn open_cluster(
    url: &str,
    namespace: &str,
    node: NodeId,
    events: (EventSink, LiveProbe),
    faults: Faults,
) -> Result<Cluster, Wrong> {
    let settings = RedisSettings {
        url,
        password: None,
        certificates: &Certificates::default(),
        sentinel_user: None,
        sentinel_password: None,
        namespace,
        any_origin: false,
        has_intents: true,
        has_answers: true,
        bus_timeout: Duration::from_secs(1),
        faults,
    };
    Cluster::open(settings, HomeRuntime::current(), node, events).await
}

#[test]
fn the_slot_of_a_name_is_that_of_a_server() {
    let masters = masters();
    let names = Names::new("shop");
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..500 {
        let length = random.usize(0..30);
        let key: Vec<u8> = (0..length)
            .map(|_| *random.choice(b"a{}:\x00\xff").unwrap())
            .collect();
        let name = StoreKey::read(&[b"k:", &key[..]].concat());
        for key in [key, names.full(&name).key] {
            let answer = masters.number(0, &[b"CLUSTER", b"KEYSLOT", &key]);
            assert_eq!(answer, i64::from(slot(&key)), "{}", key.escape_ascii());
        }
    }
}

#[tokio::test]
async fn an_invalidation_by_another_process_refuses_a_store_with_its_tag() {
    let namespace = format!("guards{:x}", fastrand::u64(..));
    let one = under_cluster(masters(), &namespace).await;
    let other = under_cluster(masters(), &namespace).await;
    let late = ["t:org:1"];
    let grant = one.granted(&ask(None)).await;
    other.invalidate(&["t:org:1", "g:", "g:org:"]).await;
    let fill = spot().fill(&grant, None, &late);
    assert_eq!(one.fill(&fill).await, Filled::Invalidated);
    let grant = one.granted(&ask(None)).await;
    other.invalidate(&["t:org:2", "g:", "g:org:"]).await;
    let fill = spot().fill(&grant, None, &late);
    assert_eq!(
        one.fill(&fill).await,
        Filled::Stored,
        "the tag is of another partition"
    );
}

#[tokio::test]
async fn what_a_master_of_another_origin_made_is_not_used() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let spot = spot();
    let names = Names::new("shop");
    for changed in ["k:a", "t:tag", "all"] {
        let fill = under.filled().await;
        let bytes = under.read().await.bytes.expect("an entry");
        let made = MadeBy {
            entry: &spot.entry,
            origin: fill.grant.origin,
            names: [&spot.versions, &[]],
            versions: &fill.grant.versions,
        };
        assert_eq!(Envelope::parse(&bytes).expect("an entry").origin, [0; 8]);
        assert!(under.store.is_of_data_set(made));
        // As after a failover: the master has another replication id, and all names.
        let master = owner(names.full(&name(changed)).slot);
        let done = masters.text(master, &[b"DEBUG", b"CHANGE-REPL-ID"]);
        assert_eq!(done, "OK");
        assert_eq!(
            under.store.ask_origin(made, soon()).await,
            Ok(false),
            "{changed}"
        );
        assert!(!under.store.is_of_data_set(made), "{changed}");
        let grant = under
            .granted(&AcquireRequest {
                force: true,
                ..ask(None)
            })
            .await;
        let made = MadeBy {
            origin: grant.origin,
            versions: &grant.versions,
            ..made
        };
        assert!(under.store.is_of_data_set(made), "{changed}");
        under.invalidate(&["k:a"]).await;
    }
}

#[tokio::test]
async fn a_version_is_replaced_only_after_its_master_was_asked_again() {
    let masters = Masters::start();
    let [one, other] = [
        under_cluster(&masters, "shop").await,
        under_cluster(&masters, "shop").await,
    ];
    let names = Names::new("shop");
    let first = one.granted(&ask(None)).await;
    let master = owner(names.full(&name("t:tag")).slot);
    let done = masters.text(master, &[b"DEBUG", b"CHANGE-REPL-ID"]);
    assert_eq!(done, "OK");
    let tag = [name("t:tag")];
    let second = one.store.ensure_versions(&tag, LONG, false, soon()).await;
    assert_eq!(
        second,
        Ok(vec![first.versions[2]]),
        "it does not know either"
    );
    let made = MadeBy {
        entry: &spot().entry,
        origin: first.origin,
        names: [&spot().versions, &[]],
        versions: &first.versions,
    };
    assert_eq!(one.store.ask_origin(made, soon()).await, Ok(false));
    let second = one.store.ensure_versions(&tag, LONG, false, soon()).await;
    assert_ne!(second, Ok(vec![first.versions[2]]));
    let third = other.store.ensure_versions(&tag, LONG, false, soon()).await;
    assert_eq!(third, second);
}

/// A connection that subscribes to channels of a namespace, as another program would.
pub(super) struct Ear(TcpStream);

impl Ear {
    pub(super) fn new(masters: &Masters, namespace: &str, channels: &[Vec<u8>]) -> Self {
        let port = masters.port(owner(Names::new(namespace).bus_slot()));
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let mut ear = Self(stream);
        for channel in channels {
            let start = format!("*2\r\n$10\r\nSSUBSCRIBE\r\n${}\r\n", channel.len());
            let question = [start.as_bytes(), channel, b"\r\n"].concat();
            ear.0.write_all(&question).expect("it is there");
            ear.hear(b"ssubscribe");
        }
        ear
    }

    /// Waits until `wanted` arrives.
    pub(super) fn hear(&mut self, wanted: &[u8]) {
        let mut heard: Vec<u8> = Vec::new();
        while !heard.windows(wanted.len()).any(|window| window == wanted) {
            let mut bytes = [0; 1024];
            let length = self.0.read(&mut bytes).expect("a message in time");
            assert!(length > 0, "the connection has ended");
            heard.extend(&bytes[..length]);
        }
    }
}

#[tokio::test]
async fn what_happens_is_told_in_the_slot_of_the_bus() {
    let masters = masters();
    let namespace = format!("ear{:x}", fastrand::u64(..));
    let under = under_cluster(masters, &namespace).await;
    let names = Names::new(&namespace);
    let channels = [names.bus().to_vec(), names.wake(), names.node(under.node)];
    let mut ear = Ear::new(masters, &namespace, &channels);
    let message = |mode| BusMessage::Invalidated {
        from: under.node,
        ack: Some(7),
        mode,
        names: vec![name("k:a")],
    };
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        let names = [name("k:a")];
        let told = message(mode);
        let done = under.store.invalidate(&names, mode, &[], &told, soon());
        assert_eq!(done.await, Ok(()));
        ear.hear(&told.write());
    }
    let grant = under.granted(&ask(holder(1))).await;
    under.acquire(&ask(holder(2))).await;
    let fill = spot().fill(&grant, holder(1), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    ear.hear(b"k:a");
    let grant = under
        .granted(&AcquireRequest {
            force: true,
            ..ask(holder(1))
        })
        .await;
    under
        .acquire(&AcquireRequest {
            force: true,
            ..ask(holder(2))
        })
        .await;
    under
        .release(&spot().fencing_token(&grant, holder(1)))
        .await;
    ear.hear(b"k:a");
    let echo = BusMessage::Heartbeat {
        subscription: 3,
        sent: 4,
    };
    let hello = BusMessage::Hello { from: under.node };
    let beat = under
        .store
        .heartbeat(under.node, Some(&hello), &echo, soon());
    assert_eq!(beat.await, Ok(()));
    ear.hear(&echo.write());
    let told = under.store.tell(None, &hello, soon()).await;
    assert_eq!(told, Ok(()));
    ear.hear(&hello.write());
}

#[tokio::test]
async fn a_mark_ends_with_its_invalidation_or_its_store() {
    let masters = masters();
    let namespace = format!("marks{:x}", fastrand::u64(..));
    let under = under_cluster(masters, &namespace).await;
    let names = Names::new(&namespace);
    let bus = owner(names.bus_slot());
    let marks = || masters.number(bus, &[b"ZCARD", &names.marks()]);
    let mark = |number| WriteMark::new(under.node, number, &[name("k:a")], None).expect("a mark");
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        for number in 0..3 {
            assert_eq!(under.store.mark(&mark(number), LONG, soon()).await, Ok(()));
        }
        let names = [name("k:a"), name("t:tag")];
        let told = BusMessage::Invalidated {
            from: under.node,
            ack: None,
            mode,
            names: names.to_vec(),
        };
        let ended = [mark(0), mark(2)];
        let done = under.store.invalidate(&names, mode, &ended, &told, soon());
        assert_eq!(done.await, Ok(()));
        assert_eq!(marks(), 1, "{mode:?}");
    }
    let write = || AcquireRequest {
        force: true,
        token: TokenKind::New,
        ..ask(None)
    };
    for (is_refused, left) in [(true, 1), (false, 0)] {
        let grant = under.granted(&write()).await;
        let fill = Fill {
            ended: Some(mark(1)),
            ..spot().fill(&grant, None, &[])
        };
        if is_refused {
            under.invalidate(&["k:a"]).await;
        }
        under.fill(&fill).await;
        assert_eq!(marks(), left);
    }
    assert_eq!(under.store.mark(&mark(5), LONG, soon()).await, Ok(()));
    assert_eq!(under.store.unmark(&[mark(5)], soon()).await, Ok(()));
    assert_eq!(marks(), 0);
}

#[tokio::test]
async fn the_removal_of_a_mark_follows_the_removal_of_its_names() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let names = Names::new("shop");
    let bus = owner(names.bus_slot());
    let key = (0..).map(|number: u32| name(&format!("k:{number}")));
    let of_another = key.into_iter().find(|it| owner(names.full(it).slot) != bus);
    let doomed = [of_another.expect("a name")];
    let mark = WriteMark::new(under.node, 1, &doomed, None).expect("a mark");
    assert_eq!(under.store.mark(&mark, LONG, soon()).await, Ok(()));
    let told = BusMessage::Hello { from: under.node };
    let master = owner(names.full(&doomed[0]).slot);
    let rights: [&[u8]; 4] = [b"ACL", b"SETUSER", b"default", b"-unlink"];
    assert_eq!(masters.text(master, &rights), "OK");
    let ended = [mark];
    let removed = under
        .store
        .invalidate(&doomed, InvalidationMode::Hard, &ended, &told, soon());
    assert_eq!(removed.await, Err(Failure::Rejected("NOPERM".to_owned())));
    let left = masters.number(bus, &[b"ZCARD", &names.marks()]);
    assert_eq!(left, 1, "nothing was removed");
}

/// The first guards are over when the second computation begins.
#[tokio::test]
async fn a_guard_is_kept_as_long_as_a_process_remembers_it() {
    let namespace = format!("life{:x}", fastrand::u64(..));
    let under = under_cluster(masters(), &namespace).await;
    let forced = |version_life| AcquireRequest {
        force: true,
        version_life,
        ..ask(None)
    };
    under.granted(&forced(SHORT)).await;
    // Redis keeps them for longer from now on.
    tokio::time::sleep(SHORT * 2 / 3).await;
    under.granted(&forced(LONG)).await;
    tokio::time::sleep(SHORT).await;
    let grant = under.granted(&forced(LONG)).await;
    let fill = spot().fill(&grant, None, &["t:org:1"]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
}

/// Two commands with names of one slot.
#[tokio::test]
async fn more_names_of_one_slot_than_a_command_takes_are_removed() {
    let namespace = format!("many{:x}", fastrand::u64(..));
    let under = under_cluster(masters(), &namespace).await;
    let names = Names::new(&namespace);
    let partition = |name: &StoreKey| names.full(name).slot;
    let tags = (0_u32..).map(|number| name(&format!("t:{number}")));
    let wanted = partition(&name("t:0"));
    let tags: Vec<_> = tags
        .filter(|it| partition(it) == wanted)
        .take(1_100)
        .collect();
    let made = under
        .store
        .ensure_versions(&tags, LONG, false, soon())
        .await;
    assert!(made.is_ok(), "{made:?}");
    let told = BusMessage::Hello { from: under.node };
    for mode in [InvalidationMode::Soft, InvalidationMode::Hard] {
        let removed = under.store.invalidate(&tags, mode, &[], &told, soon());
        assert_eq!(removed.await, Ok(()), "{mode:?}");
    }
    let left = under.store.versions(&tags, soon()).await;
    assert_eq!(left, Ok(vec![None; tags.len()]));
}

#[tokio::test]
async fn a_server_that_is_no_cluster_is_refused() {
    let server = Masters::single();
    let (node, events): (_, (_, LiveProbe)) = (NodeId::random(), (sink().0, Arc::new(|| false)));
    let refused = open_cluster(&server.url(), "shop", node, events, Faults::default()).await;
    let (problem, remedy) = refused.expect_err("one server");
    assert!(
        problem.contains("is no node of a Redis Cluster"),
        "{problem}"
    );
    assert!(remedy.contains("redis://"), "{remedy}");
}
