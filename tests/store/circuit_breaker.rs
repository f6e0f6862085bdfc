//! A store that does not answer: calls wait for it a few times, then not at all, until it answers
//! in time again.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{BreakerState, Cache, CacheBuilder, Tier};
use cachekit_tests::{Source, settle};

use crate::world::{
    ENTRY, READING, always, call, policy, put, quick, read, settings, sleep, timed, two,
};

/// How long a caller waits, and what is longer.
const TIMEOUT: Duration = Duration::from_millis(100);
const HUNG: Trouble = Trouble::Late(Duration::from_secs(3_600));
/// What nobody waits for is given up later.
const TOO_SLOW: Trouble = Trouble::Slow(Duration::from_millis(300));

const WRITING: [Op; 4] = [Op::Invalidate, Op::Fill, Op::Renew, Op::Release];

async fn one(set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> (FakeStore, Cache) {
    let store = FakeStore::new();
    let cache = set(settings(&store)).build().await.expect("a valid set-up");
    (store, cache)
}

/// How long a call that memory cannot answer waits.
async fn miss(cache: &Cache, value: u64) -> Duration {
    let policy = policy().tier(Tier::Redis);
    let (took, got) = timed(read(cache.clone(), quick(value), policy)).await;
    assert_eq!(got, value, "the function answers");
    took
}

/// Calls, one after another, each as soon as the store would be asked: how many waited.
async fn waited(cache: &Cache, calls: u64) -> u64 {
    let mut waited = 0;
    for value in 0..calls {
        let took = miss(cache, value).await;
        assert!(took == TIMEOUT || took == Duration::ZERO, "{took:?}");
        waited += u64::from(!took.is_zero());
        // The entry is removed in the background after each.
        sleep(50).await;
    }
    waited
}

#[tokio::test(start_paused = true)]
async fn after_five_failures_nobody_waits() {
    let (store, cache) = one(|it| it).await;
    always(&store, &READING, TOO_SLOW);
    assert_eq!(waited(&cache, 500).await, 5);
    let redis = cache.stats().redis;
    assert_eq!((redis.breaker_openings, redis.is_up), (1, false));
    assert_ne!(redis.breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn without_its_breaker_every_call_waits() {
    let (store, cache) = one(|it| it.__seed(Fault::NoBreaker)).await;
    always(&store, &READING, TOO_SLOW);
    assert_eq!(waited(&cache, 500).await, 500);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_altogether_is_waited_for_once() {
    let (store, cache) = one(|it| it).await;
    always(&store, &READING, HUNG);
    always(&store, &WRITING, HUNG);
    // Its entry cannot be removed: until it was, nothing is read there.
    assert_eq!(waited(&cache, 500).await, 1);
    assert_eq!(cache.stats().redis.breaker_openings, 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_tried_in_the_background_and_not_too_often() {
    let (store, cache) = one(|it| it).await;
    always(&store, &READING, TOO_SLOW);
    waited(&cache, 6).await;
    sleep(1_000).await;
    assert_eq!(cache.stats().redis.queued_invalidations, 0);
    store.take_log();
    sleep(30_000).await;
    let tried = store.count(Op::Versions);
    assert!((25..=60).contains(&tried), "{tried}");
    assert_eq!(store.take_log().len(), tried, "nothing else is asked");
    store.heal();
    sleep(1_500).await;
    let redis = cache.stats().redis;
    assert_eq!((redis.breaker, redis.is_up), (BreakerState::Closed, true));
    assert_eq!(miss(&cache, 7).await, Duration::ZERO);
    settle().await;
    assert!(store.has(ENTRY), "it is stored again");
}

#[tokio::test(start_paused = true)]
async fn one_that_relapses_is_left_alone_for_longer() {
    let (store, cache) = one(|it| it).await;
    let mut rests = vec![];
    for _ in 0..4 {
        always(&store, &READING, TOO_SLOW);
        while cache.stats().redis.breaker == BreakerState::Closed {
            miss(&cache, 1).await;
            sleep(10).await;
        }
        store.heal();
        let (rest, ()) = timed(async {
            while !cache.stats().redis.is_up {
                sleep(1).await;
            }
        })
        .await;
        rests.push(rest);
    }
    assert!(rests[0] <= Duration::from_millis(100), "{rests:?}");
    let last = Duration::from_millis(400)..=Duration::from_millis(800);
    assert!(last.contains(&rests[3]), "{rests:?}");
}

/// What the node invalidated while nobody asked the store is accepted before anybody reads
/// there.
#[tokio::test(start_paused = true)]
async fn no_user_reads_before_what_was_invalidated_is_accepted() {
    let (store, cache, other) = two().await;
    put(&other, 1).await;
    always(&store, &READING, HUNG);
    always(&store, &WRITING, HUNG);
    assert_eq!(cache.get::<u64>("elsewhere").await, None);
    let (took, ()) = timed(cache.invalidate("row")).await;
    assert_eq!(took, TIMEOUT);
    while cache.stats().redis.breaker_openings == 0 {
        sleep(100).await;
    }
    let (took, ()) = timed(cache.invalidate_tags(["rows"])).await;
    assert_eq!(took, Duration::ZERO, "it waits in the outbox");
    assert_eq!(miss(&cache, 2).await, Duration::ZERO);

    store.take_log();
    store.heal();
    while store.count(Op::Read) == 0 {
        assert_eq!(cache.get::<u64>("row").await, None);
        sleep(1).await;
    }
    let log = store.take_log();
    let accepted = log.iter().rposition(|step| step.op == Op::Invalidate);
    let read = log.iter().position(|step| step.op == Op::Read);
    assert!(accepted.is_some() && accepted < read, "{log:?}");
    assert!(!store.has(ENTRY));
    assert_eq!(cache.stats().redis.queued_invalidations, 0);
}

/// The waits of one call for the store, by how long each of its answers takes.
async fn wait_of_a_call(fault: Option<Fault>, each: Duration) -> Duration {
    let (store, cache) = one(|it| match fault {
        Some(fault) => it.__seed(fault),
        None => it,
    })
    .await;
    always(&store, &READING, Trouble::Slow(each));
    miss(&cache, 1).await
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_one_redis_timeout_in_all() {
    let each = Duration::from_millis(90);
    assert_eq!(wait_of_a_call(None, each).await, TIMEOUT);
    let fresh = Some(Fault::FreshBudget);
    assert_eq!(wait_of_a_call(fresh, each).await, each * 2);
}

/// While another computes it is that which is waited for: the questions in between do not
/// use up what the call may wait for answers.
#[tokio::test(start_paused = true)]
async fn waiting_for_another_is_not_waiting_for_the_store() {
    let (store, cache, other) = two().await;
    let source = Source::default();
    let computing = call(&other, &source).await;
    store.mute(true);
    let slow = Trouble::Slow(Duration::from_millis(40));
    always(&store, &READING, slow);
    let waiting = call(&cache, &quick(7)).await;
    sleep(3_000).await;
    assert!(!waiting.is_finished(), "many answers later");
    source.gate.open();
    assert_eq!(computing.await.unwrap(), 0);
    assert_eq!(waiting.await.unwrap(), 0);
    assert_eq!(cache.stats().redis.failures, 0);
}

/// A call that has waited for another's computation in its process does not wait as long
/// again for one elsewhere.
#[tokio::test(start_paused = true)]
async fn the_wait_for_others_is_bounded_once() {
    let (_store, cache, other) = two().await;
    let elsewhere = Source::default();
    let _computing = call(&other, &elsewhere).await;
    let leader = call(&cache, &quick(1)).await;
    sleep(6_000).await;
    let waiting = call(&cache, &quick(2)).await;
    leader.abort();
    let (took, value) = timed(waiting).await;
    assert_eq!(value.unwrap(), 2);
    assert!(took <= Duration::from_millis(10_010), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_refused_counts_and_a_full_store_does_not() {
    let (store, cache) = one(|it| it).await;
    always(&store, &READING, Trouble::Rejected("NOPERM"));
    for value in 0..20 {
        assert_eq!(miss(&cache, value).await, Duration::ZERO);
        sleep(50).await;
    }
    assert_eq!(cache.stats().redis.breaker_openings, 1);
    let (store, cache) = {
        drop(store);
        one(|it| it).await
    };
    let full = Trouble::Rejected("OOM");
    always(&store, &[Op::Acquire, Op::ReadOrAcquire, Op::Fill], full);
    for value in 0..20 {
        miss(&cache, value).await;
    }
    assert_eq!(cache.stats().redis.breaker_openings, 0);
}
