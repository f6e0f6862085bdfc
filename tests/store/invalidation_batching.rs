//! Concurrent invalidations share operations of the store, and so messages.

use std::collections::BTreeSet;
use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Step, Trouble};
use cachekit::{Cache, Policy};
use cachekit_tests::settle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::world::{settings, sleep, two};

/// So many are sent by themselves, and so many tasks send the others.
const ALONE: usize = 4;
const MAX_IN_FLIGHT: usize = 2;
/// A batch takes no more calls, and no more names.
const MAX_CALLS: usize = 64;
const MAX_NAMES: usize = 1_000;

/// The store takes this long to answer.
const ANSWER: u64 = 20;
const SLOW: Trouble = Trouble::Slow(Duration::from_millis(ANSWER));

fn invalidate(cache: &Cache, tag: usize) -> JoinHandle<()> {
    let cache = cache.clone();
    tokio::spawn(async move { cache.invalidate_tags([format!("org:{tag}")]).await })
}

/// So many at once, from that of the tag `first` on.
fn many(cache: &Cache, first: usize, count: usize) -> Vec<JoinHandle<()>> {
    let tags = first..first + count;
    tags.map(|tag| invalidate(cache, tag)).collect()
}

/// As many calls, one after the other, as are sent before one has to wait for a batch.
async fn all_senders_busy(cache: &Cache) -> Vec<JoinHandle<()>> {
    let mut calls = Vec::new();
    for tag in 0..ALONE + MAX_IN_FLIGHT {
        calls.push(invalidate(cache, tag));
        settle().await;
    }
    calls
}

async fn all(calls: Vec<JoinHandle<()>>) {
    for call in calls {
        call.await.expect("it returns");
    }
}

/// The names of each removal since the last look.
fn removals(store: &FakeStore) -> Vec<BTreeSet<String>> {
    let log = store.take_log().into_iter();
    let removals = log.filter(|step| step.op == Op::Invalidate);
    let named = removals.map(|Step { names, .. }| {
        let count = names.len();
        let names: BTreeSet<_> = names.into_iter().collect();
        assert_eq!(names.len(), count, "none is named twice");
        names
    });
    named.collect()
}

/// The names that an invalidation of these tags removes.
fn names(tags: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
    let guards = ["g:", "g:org:"].map(str::to_owned);
    let tags = tags.into_iter().map(|tag| format!("t:org:{tag}"));
    tags.chain(guards).collect()
}

/// A node that sent one invalidation to its store, which has been answered.
async fn node(fault: Option<Fault>) -> (FakeStore, Cache) {
    let store = FakeStore::new();
    let settings = match fault {
        Some(fault) => settings(&store).__seed(fault),
        None => settings(&store),
    };
    let cache = settings.build().await.expect("a valid set-up");
    settle().await;
    store.take_log();
    (store, cache)
}

#[tokio::test(start_paused = true)]
async fn those_that_come_while_many_wait_share_one_removal() {
    let (store, one, other) = two().await;
    for tag in 0..20 {
        let policy = Policy::new().tag(format!("org:{tag}"));
        other.put(&format!("row:{tag}"), tag, &policy).await;
        assert_eq!(one.get(&format!("row:{tag}")).await, Some(tag));
    }
    store.always(Op::Invalidate, SLOW);
    store.take_log();
    store.count_messages();
    let calls = many(&one, 0, 20);
    settle().await;
    let mut expected: Vec<_> = (0..ALONE).map(|tag| names([tag])).collect();
    expected.push(names(ALONE..20));
    assert_eq!(removals(&store), expected);
    all(calls).await;
    for tag in 0..20 {
        for cache in [&one, &other] {
            assert_eq!(cache.get::<usize>(&format!("row:{tag}")).await, None);
        }
    }
    let redis = one.stats().redis;
    assert_eq!((redis.failures, redis.queued_invalidations), (0, 0));
    assert_eq!(other.stats().redis.messages, ALONE as u64 + 1);
}

/// The number of those in a batch that had returned when its answer was still on its way.
async fn returned_early(fault: Option<Fault>) -> usize {
    let (store, one) = node(fault).await;
    store.always(Op::Invalidate, SLOW);
    let calls = many(&one, 0, 20);
    sleep(ANSWER - 1).await;
    let early = calls.iter().filter(|call| call.is_finished()).count();
    all(calls).await;
    early
}

#[tokio::test(start_paused = true)]
async fn each_returns_when_the_store_has_answered() {
    assert_eq!(returned_early(None).await, 0);
    let fault = Some(Fault::AnswerUnsent);
    assert_eq!(returned_early(fault).await, 20 - ALONE);
}

/// The number of invalidations that failed. The last came when every task that sends was at it.
async fn left_behind(fault: Option<Fault>) -> u64 {
    let (store, one) = node(fault).await;
    store.always(Op::Invalidate, SLOW);
    let calls = all_senders_busy(&one).await;
    let sent: Vec<_> = (0..ALONE + MAX_IN_FLIGHT).map(|tag| names([tag])).collect();
    assert_eq!(removals(&store), sent);
    // A batch on its way takes nobody in: it may have been carried out before.
    let late = many(&one, 50, 3);
    settle().await;
    assert_eq!(removals(&store), [] as [BTreeSet<String>; 0]);
    assert!(late.iter().all(|call| !call.is_finished()));
    sleep(ANSWER).await;
    settle().await;
    assert_eq!(removals(&store), [names(50..53)]);
    all(calls).await;
    all(late).await;
    one.stats().redis.failures
}

#[tokio::test(start_paused = true)]
async fn those_that_come_while_all_batches_are_on_their_way_are_in_the_next() {
    assert_eq!(left_behind(None).await, 0);
    // Their sender ends; that of the others takes the next, or nobody waits for it.
    assert_eq!(left_behind(Some(Fault::AskOnce)).await, 3);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_dropped_leaves_the_others_their_batch_and_is_sent_again() {
    let (store, one) = node(None).await;
    store.always(Op::Invalidate, SLOW);
    let mut calls = many(&one, 0, 20);
    settle().await;
    assert_eq!(removals(&store).len(), ALONE + 1);
    // That which began the batch, and one that joined it.
    let gone = [calls.remove(10), calls.remove(ALONE)];
    gone.iter().for_each(JoinHandle::abort);
    settle().await;
    assert_eq!(removals(&store), [names([ALONE, 10])], "by the outbox");
    assert_eq!(one.stats().redis.queued_invalidations, 4);
    all(calls).await;
    settle().await;
    assert_eq!(one.stats().redis.failures, 0);
    assert_eq!(one.stats().redis.queued_invalidations, 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_dropped_before_its_batch_is_sent_is_in_it() {
    let (store, one) = node(None).await;
    store.always(Op::Invalidate, SLOW);
    let calls = all_senders_busy(&one).await;
    let mut late = many(&one, 50, 3);
    settle().await;
    late.remove(0).abort();
    settle().await;
    store.take_log();
    sleep(ANSWER).await;
    settle().await;
    assert_eq!(removals(&store), [names(50..53)]);
    all(calls).await;
    all(late).await;
}

#[tokio::test(start_paused = true)]
async fn if_a_batch_fails_each_name_waits_and_the_breaker_counts_one_failure() {
    for trouble in [Trouble::Lost, Trouble::AnswerLost, Trouble::Unavailable] {
        let (store, one) = node(None).await;
        for _ in 0..ALONE {
            store.once(Op::Invalidate, SLOW);
        }
        store.once(Op::Invalidate, trouble);
        // The first attempt of the outbox, so that the names are still there.
        store.once(Op::Invalidate, Trouble::Unavailable);
        let calls = many(&one, 0, 20);
        settle().await;
        let redis = one.stats().redis;
        assert_eq!(redis.failures, 16, "{trouble:?}");
        let queued = names(ALONE..20);
        assert_eq!(redis.queued_invalidations, queued.len());
        assert_eq!(redis.breaker_openings, 0, "{trouble:?}");
        store.take_log();
        sleep(ANSWER * 3).await;
        assert_eq!(removals(&store), [queued], "{trouble:?}");
        all(calls).await;
        let redis = one.stats().redis;
        assert_eq!(redis.queued_invalidations, 0, "{trouble:?}");
    }
}

/// The answer comes too late for the batch: each of its calls has waited no longer than it may.
#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_redis_timeout() {
    let (store, one) = node(None).await;
    for _ in 0..ALONE {
        store.once(Op::Invalidate, Trouble::Slow(Duration::from_millis(95)));
    }
    store.always(Op::Invalidate, Trouble::Slow(Duration::from_secs(3_600)));
    let begin = Instant::now();
    let mut calls = all_senders_busy(&one).await;
    // Their batch is sent when those before it have been given up.
    sleep(60).await;
    calls.push(invalidate(&one, 50));
    sleep(30).await;
    calls.push(invalidate(&one, 51));
    let mut waited = Vec::new();
    for call in calls {
        call.await.expect("it returns");
        waited.push(begin.elapsed().as_millis());
    }
    assert_eq!(waited, [95, 95, 95, 95, 100, 100, 160, 190]);
    assert_eq!(one.stats().redis.breaker_openings, 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_a_bound() {
    let (store, one) = node(None).await;
    store.always(Op::Invalidate, SLOW);
    let calls = many(&one, 0, ALONE + MAX_CALLS + 2);
    settle().await;
    let sent = removals(&store);
    let sizes: Vec<_> = sent.iter().map(BTreeSet::len).collect();
    let (tag, batch) = (1 + 2, MAX_CALLS + 2);
    assert_eq!(sizes, [tag, tag, tag, tag, tag, tag, batch]);
    all(calls).await;

    let calls = many(&one, 0, ALONE + 1);
    let large = one.clone();
    let keys = (0..MAX_NAMES).map(|key| format!("row:{key}"));
    let large = tokio::spawn(async move { large.invalidation().keys(keys).await });
    settle().await;
    let sent = removals(&store);
    let sizes: Vec<_> = sent.iter().map(BTreeSet::len).collect();
    assert_eq!(sizes, [tag, tag, tag, tag, MAX_NAMES, tag]);
    all(calls).await;
    large.await.expect("it returns");
}

/// Soft ones, and those that wait for every node, have messages of their own.
#[tokio::test(start_paused = true)]
async fn soft_and_acknowledged_ones_are_sent_by_themselves() {
    let (store, one) = node(None).await;
    store.always(Op::Invalidate, SLOW);
    let mut calls = many(&one, 0, ALONE);
    for _ in 0..3 {
        let (soft, acknowledged) = (one.clone(), one.clone());
        calls.push(tokio::spawn(async move {
            soft.invalidation().soft().tags(["org:1"]).await;
        }));
        calls.push(tokio::spawn(async move {
            let builder = acknowledged.invalidation().tags(["org:1"]);
            assert!(builder.acknowledged().await);
        }));
    }
    settle().await;
    assert_eq!(removals(&store).len(), ALONE + 6);
    all(calls).await;
}
