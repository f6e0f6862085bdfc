//! The nodes that an acknowledged invalidation waits for, in every order of events.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, OnDisconnect};
use cachekit_tests::capture::Capture;
use cachekit_tests::settle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

use crate::world::{put, settings, timed};

const TIMEOUT: Duration = Duration::from_millis(400);

/// A beat takes place at least this often.
const BEAT: Duration = Duration::from_millis(100);

/// Longer than whoever is not heard any more is remembered for.
const LONG: Duration = Duration::from_millis(1_200);

/// By number: who has the old value, and who invalidates it.
const READER: usize = 0;
const WRITER: usize = 1;

/// Two nodes that know of one another.
struct Scene {
    store: FakeStore,
    reader: Cache,
    writer: Cache,
}

/// How an order of events ended.
#[derive(Debug, PartialEq)]
struct Ended {
    is_certain: bool,
    took: Duration,
    /// What a call of the reader gets that begins then.
    served: Option<u64>,
}

impl Scene {
    async fn new(broken: Broken) -> Self {
        let store = FakeStore::new();
        let build = async |fault: Option<Fault>| {
            let builder = settings(&store)
                .bus_timeout(TIMEOUT)
                .redis_timeout(TIMEOUT * 4)
                .on_disconnect(OnDisconnect::Bypass);
            let builder = match fault {
                Some(fault) => builder.__seed(fault),
                None => builder,
            };
            builder.build().await.expect("a valid set-up")
        };
        let reader = build(broken.reader).await;
        let writer = build(broken.writer).await;
        let scene = Self {
            store,
            reader,
            writer,
        };
        scene.pass(LONG).await;
        scene
    }

    /// Lets time pass, in steps that are short enough for every beat.
    async fn pass(&self, length: Duration) {
        let end = Instant::now() + length;
        while Instant::now() < end {
            advance(Duration::from_millis(10)).await;
            settle().await;
        }
    }

    /// The reader has the value in its memory.
    async fn warm(&self) {
        put(&self.writer, 1).await;
        assert_eq!(self.reader.get::<u64>("row").await, Some(1));
        let hits = self.reader.stats().memory_hits;
        assert_eq!(self.reader.get::<u64>("row").await, Some(1));
        assert_eq!(self.reader.stats().memory_hits, hits + 1);
    }

    /// The writer forgot the reader, which has the value again since a moment ago.
    async fn newcomer(&self, before: impl FnOnce(&FakeStore)) {
        put(&self.writer, 1).await;
        self.store.cut(READER);
        self.pass(LONG).await;
        before(&self.store);
        self.store.mend(READER);
        settle().await;
    }

    /// The value is invalidated while what is told the reader is on its way.
    async fn invalidate(&self) -> Ended {
        self.store.hold_messages(READER);
        let invalidated = self.writer.invalidation().acknowledged();
        let (took, is_certain) = timed(invalidated.keys(["row"])).await;
        Ended {
            is_certain,
            took,
            served: self.reader.get("row").await,
        }
    }

    fn ack(&self, key: &'static str, within: Option<Duration>) -> JoinHandle<bool> {
        let acknowledged = self.writer.invalidation().acknowledged();
        let acknowledged = match within {
            Some(within) => acknowledged.within(within),
            None => acknowledged,
        };
        tokio::spawn(async move { acknowledged.keys([key]).await })
    }
}

/// Which guards are removed.
#[derive(Clone, Copy, Default)]
struct Broken {
    reader: Option<Fault>,
    writer: Option<Fault>,
}

/// With the guard the writer waits until the reader serves nothing; without it the reader serves
/// the old value when the writer returns.
async fn is_what_holds(play: impl AsyncFn(Scene) -> Ended, broken: Broken) {
    let ended = play(Scene::new(Broken::default()).await).await;
    assert!(ended.is_certain && ended.took >= TIMEOUT, "{ended:?}");
    assert_eq!(ended.served, None, "{ended:?}");
    let ended = play(Scene::new(broken).await).await;
    assert_eq!((ended.is_certain, ended.served), (true, Some(1)));
    assert!(ended.took < TIMEOUT, "{ended:?}");
}

fn reader(fault: Fault) -> Broken {
    Broken {
        reader: Some(fault),
        ..Broken::default()
    }
}

fn writer(fault: Fault) -> Broken {
    Broken {
        writer: Some(fault),
        ..Broken::default()
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_there_answers_and_nobody_waits() {
    let scene = Scene::new(Broken::default()).await;
    for _ in 0..3 {
        scene.warm().await;
        let (took, is_certain) =
            timed(scene.writer.invalidation().acknowledged().keys(["row"])).await;
        assert_eq!((took, is_certain), (Duration::ZERO, true));
        assert_eq!(scene.reader.get::<u64>("row").await, None);
    }
    let redis = scene.writer.stats().redis;
    assert_eq!((redis.acknowledged, redis.unacknowledged), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn g6_who_serves_from_memory_has_said_hello() {
    let silent = async |scene: Scene| {
        scene.warm().await;
        scene.invalidate().await
    };
    is_what_holds(silent, reader(Fault::NoHello)).await;
}

#[tokio::test(start_paused = true)]
async fn g6_a_hello_that_was_lost_is_said_again_before_an_echo() {
    let lost = async |scene: Scene| {
        scene
            .newcomer(|store| store.once(Op::Heartbeat, Trouble::Lost))
            .await;
        scene.pass(BEAT * 2).await;
        scene.warm().await;
        scene.invalidate().await
    };
    is_what_holds(lost, reader(Fault::HelloUnanswered)).await;
}

#[tokio::test(start_paused = true)]
async fn g6_a_hello_is_said_again_before_it_is_forgotten() {
    let long_ago = async |scene: Scene| {
        // A hello as others remember it, and no other word of the reader since.
        scene.pass(LONG).await;
        scene.warm().await;
        scene.invalidate().await
    };
    is_what_holds(long_ago, reader(Fault::SeldomHello)).await;
}

#[tokio::test(start_paused = true)]
async fn g6_who_waits_has_heard_everything_from_before_its_own_message() {
    let unheard = async |scene: Scene| {
        scene.newcomer(|store| store.hold_messages(WRITER)).await;
        scene.warm().await;
        scene.invalidate().await
    };
    is_what_holds(unheard, writer(Fault::NoOwnMessage)).await;
}

#[tokio::test(start_paused = true)]
async fn g6_its_own_message_of_before_is_another() {
    let of_before = async |scene: Scene| {
        put(&scene.writer, 1).await;
        scene.store.cut(READER);
        scene.pass(LONG).await;
        scene.store.hold_messages(WRITER);
        let before = scene.ack("other", Some(BEAT / 10));
        scene.pass(BEAT / 5).await;
        assert!(!before.await.expect("no panic"), "it was cut short");
        scene.store.mend(READER);
        settle().await;
        scene.warm().await;
        scene.store.hold_messages(READER);
        let start = Instant::now();
        let asked = scene.ack("row", None);
        settle().await;
        assert!(scene.store.deliver(WRITER), "of the one before");
        let is_certain = asked.await.expect("no panic");
        Ended {
            is_certain,
            took: start.elapsed(),
            served: scene.reader.get("row").await,
        }
    };
    is_what_holds(of_before, writer(Fault::AnyOwnMessage)).await;
}

#[tokio::test(start_paused = true)]
async fn g6_who_was_interrupted_does_not_know_who_is_there() {
    let interrupted = async |scene: Scene| {
        scene.newcomer(|store| store.cut(WRITER)).await;
        scene.warm().await;
        scene.store.mend(WRITER);
        scene.invalidate().await
    };
    is_what_holds(interrupted, writer(Fault::OldWindow)).await;
}

#[tokio::test(start_paused = true)]
async fn g6_the_wait_begins_when_the_store_has_answered() {
    let slow = async |scene: Scene| {
        scene.warm().await;
        let late = Trouble::Late(TIMEOUT);
        scene.store.once(Op::Invalidate, late);
        let start = Instant::now();
        let asked = scene.ack("row", None);
        scene.pass(TIMEOUT.saturating_sub(BEAT / 5)).await;
        scene.store.hold_messages(READER);
        let is_certain = asked.await.expect("no panic");
        Ended {
            is_certain,
            took: start.elapsed().saturating_sub(TIMEOUT),
            served: scene.reader.get("row").await,
        }
    };
    is_what_holds(slow, writer(Fault::WaitFromSending)).await;
}

/// Again and again one word that something was applied is lost, and nothing else.
#[tokio::test(start_paused = true)]
async fn g6_whose_word_was_lost_is_waited_for_the_next_time() {
    for lost in 1..4 {
        let one_by_one = async |scene: Scene| {
            for _ in 0..lost {
                // It said hello again.
                scene.pass(TIMEOUT).await;
                scene.store.once(Op::Tell, Trouble::Lost);
                let asked = scene.writer.invalidation().acknowledged();
                let (took, is_certain) = timed(asked.keys(["other"])).await;
                assert!(is_certain && took >= TIMEOUT, "{took:?}");
            }
            scene.warm().await;
            scene.invalidate().await
        };
        is_what_holds(one_by_one, writer(Fault::ForgetSilent)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g5_what_comes_between_two_subscriptions_is_no_echo() {
    for (fault, is_served) in [(None, false), (Some(Fault::EchoBetween), true)] {
        let broken = Broken {
            reader: fault,
            ..Broken::default()
        };
        let scene = Scene::new(broken).await;
        scene.warm().await;
        scene.store.cut(READER);
        scene.writer.invalidate("row").await;
        scene.store.reconnect(READER);
        scene.pass(TIMEOUT + BEAT).await;
        let served = scene.reader.get::<u64>("row").await;
        assert_eq!(served.is_some(), is_served, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn g5_a_server_that_takes_no_writes_sends_no_echoes() {
    for code in ["READONLY", "NOREPLICAS", "MISCONF", "NOPERM"] {
        let scene = Scene::new(Broken::default()).await;
        scene.warm().await;
        scene.store.always(Op::Heartbeat, Trouble::Rejected(code));
        scene.pass(TIMEOUT).await;
        assert!(!scene.reader.stats().redis.is_bus_live, "{code}");
        scene.store.heal();
        scene.pass(BEAT).await;
        assert!(scene.reader.stats().redis.is_bus_live, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn memory_is_not_served_any_more_when_the_goodbye_is_sent() {
    for (fault, is_served) in [(None, false), (Some(Fault::TrustAfterGoodbye), true)] {
        let broken = Broken {
            reader: fault,
            ..Broken::default()
        };
        let scene = Scene::new(broken).await;
        scene.warm().await;
        let slow = Trouble::Slow(BEAT);
        scene.store.once(Op::Tell, slow);
        let reader = scene.reader.clone();
        let leaving = tokio::spawn(async move { reader.shutdown().await });
        settle().await;
        assert!(!leaving.is_finished(), "the goodbye is on its way");
        let served = scene.reader.get::<u64>("row").await;
        assert_eq!(served.is_some(), is_served, "{fault:?}");
        assert!(leaving.await.expect("no panic").is_complete());
    }
}

#[tokio::test(start_paused = true)]
async fn g6_who_said_goodbye_is_not_waited_for_and_serves_nothing() {
    for (fault, served) in [(None, None), (Some(Fault::TrustAfterGoodbye), Some(1))] {
        let broken = Broken {
            reader: fault,
            ..Broken::default()
        };
        let scene = Scene::new(broken).await;
        scene.warm().await;
        // Also what was on its way to it then brings nothing back.
        scene.store.hold_messages(READER);
        scene.pass(BEAT).await;
        assert!(scene.reader.shutdown().await.is_complete());
        let ended = scene.invalidate().await;
        assert_eq!((ended.took, ended.is_certain), (Duration::ZERO, true));
        assert_eq!(ended.served, served);
        scene.store.deliver_all(READER);
        scene.pass(LONG).await;
        let redis = scene.reader.stats().redis;
        assert_eq!(redis.is_bus_live, fault.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_stops_when_the_others_say_goodbye() {
    let scene = Scene::new(Broken::default()).await;
    scene.warm().await;
    scene.store.hold_messages(READER);
    let asked = scene.ack("row", None);
    settle().await;
    assert!(!asked.is_finished());
    assert!(scene.reader.shutdown().await.is_complete());
    let (took, is_certain) = timed(asked).await;
    assert_eq!(
        (took, is_certain.expect("no panic")),
        (Duration::ZERO, true)
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_says_goodbye() {
    let Scene {
        store,
        reader,
        writer,
    } = Scene::new(Broken::default()).await;
    let another = reader.clone();
    drop(reader);
    settle().await;
    store.hold_messages(READER);
    let acknowledged = writer.invalidation().acknowledged();
    assert!(timed(acknowledged.keys(["row"])).await.0 >= TIMEOUT);
    drop(another);
    settle().await;
    let (took, is_certain) = timed(writer.invalidation().acknowledged().keys(["row"])).await;
    assert_eq!((took, is_certain), (Duration::ZERO, true));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_confirmed_is_counted_each_time_and_logged_once() {
    let capture = Capture::default();
    let _guard = tracing::subscriber::set_default(capture.clone());
    let scene = Scene::new(Broken::default()).await;
    let said = || {
        let lines = capture.take();
        let is_said = |line: &&cachekit_tests::capture::Line| line.text.contains("not confirmed");
        lines.iter().filter(is_said).count()
    };
    let mut counted = 0;
    let is_counted = async |is_certain: bool, more: u64| {
        let redis = scene.writer.stats().redis;
        assert_eq!((is_certain, redis.unacknowledged), (false, more));
    };
    for (trouble, ends) in [
        (Trouble::Unavailable, Duration::ZERO),
        (Trouble::Rejected("READONLY"), Duration::ZERO),
        (Trouble::Lost, Duration::ZERO),
    ] {
        scene.store.once(Op::Invalidate, trouble);
        let (took, is_certain) =
            timed(scene.writer.invalidation().acknowledged().keys(["row"])).await;
        counted += 1;
        assert_eq!(took, ends);
        is_counted(is_certain, counted).await;
    }
    assert_eq!(said(), 1, "once for all of them");
    scene.pass(LONG).await;
    assert!(
        scene
            .writer
            .invalidation()
            .acknowledged()
            .keys(["row"])
            .await
    );
    // Cut short by what was asked for, and by whoever waited.
    scene.store.hold_messages(READER);
    assert!(!scene.ack("row", Some(BEAT)).await.expect("no panic"));
    counted += 1;
    is_counted(false, counted).await;
    let waiting = scene.ack("row", None);
    settle().await;
    waiting.abort();
    assert!(waiting.await.is_err());
    counted += 1;
    is_counted(false, counted).await;
    assert_eq!(said(), 0, "one line a minute");
    assert_eq!(scene.writer.stats().redis.acknowledged, 1);
}
