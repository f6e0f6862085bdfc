//! Invalidations that the store has not accepted, or may not have.

use std::pin::pin;
use std::time::Duration;

use cachekit::Policy;
use cachekit::testing::{Op, Step, Trouble};
use cachekit_tests::{Source, poll_once, settle};

use crate::world::{ENTRY, READING, always, call, call_with, policy, put, quick, sleep, two};

const UNSENT: [Trouble; 4] = [
    Trouble::Unavailable,
    Trouble::Rejected("READONLY"),
    Trouble::Lost,
    Trouble::AnswerLost,
];

#[tokio::test(start_paused = true)]
async fn g2_until_it_is_accepted_the_store_is_not_used_for_it() {
    for trouble in UNSENT {
        let (store, one, other) = two().await;
        put(&other, 1).await;
        store.always(Op::Invalidate, trouble);
        one.invalidate("row").await;
        assert_eq!(one.stats().redis.queued_invalidations, 1);
        store.take_log();
        assert_eq!(call(&one, &quick(2)).await.await.unwrap(), 2, "{trouble:?}");
        one.put("another", 3_u64, &Policy::new()).await;
        let log = store.take_log();
        let about_it = |step: &Step| step.names == [ENTRY];
        let is_use = |step: &Step| step.op != Op::Invalidate;
        assert!(
            !log.iter().any(|step| about_it(step) && is_use(step)),
            "{log:?}"
        );
        assert!(log.iter().any(is_use), "others are stored: {log:?}");

        store.heal();
        sleep(1_100).await;
        assert_eq!(one.stats().redis.queued_invalidations, 0, "{trouble:?}");
        assert!(!store.has(ENTRY), "{trouble:?}");
        put(&other, 4).await;
        one.invalidate("another").await;
        store.take_log();
        assert_eq!(one.get::<u64>("another").await, None);
        assert_eq!(store.count(Op::Read), 1, "it is used again");
    }
}

#[tokio::test(start_paused = true)]
async fn until_a_tag_is_accepted_the_store_is_not_used_at_all() {
    let (store, one, other) = two().await;
    put(&other, 1).await;
    store.always(Op::Invalidate, Trouble::Lost);
    one.invalidate_tags(["rows"]).await;
    store.take_log();
    assert_eq!(call(&one, &quick(2)).await.await.unwrap(), 2);
    one.put("another", 3_u64, &Policy::new()).await;
    let log = store.take_log();
    assert!(log.iter().all(|step| step.op == Op::Invalidate), "{log:?}");
    store.heal();
    sleep(2_100).await;
    assert_eq!(one.stats().redis.queued_invalidations, 0);
    assert!(!store.has(ENTRY));
}

/// Calls go on, and each that has to do without the store adds to what it must be told; yet
/// the store comes into use again.
#[tokio::test(start_paused = true)]
async fn a_busy_node_finds_back() {
    let (store, one, _other) = two().await;
    always(&store, &READING, Trouble::Late(Duration::from_secs(3_600)));
    store.always(Op::Invalidate, Trouble::Late(Duration::from_secs(3_600)));
    let busy = {
        let one = one.clone();
        tokio::spawn(async move {
            for id in 0_u64.. {
                let key = id.to_string();
                one.get_or_compute(&key, &policy(), || async { id }).await;
                one.invalidate_tags([format!("tag:{id}")]).await;
                // Much less than it takes to tell the store anything.
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
        })
    };
    sleep(3_000).await;
    assert_eq!(one.stats().redis.breaker_openings, 1);
    store.heal();
    let brief = Trouble::Slow(Duration::from_millis(2));
    always(&store, &READING, brief);
    store.always(Op::Invalidate, brief);
    let stores = one.stats().redis.stores;
    sleep(3_000).await;
    let redis = one.stats().redis;
    assert!(redis.is_up && redis.stores > stores, "{redis:?}");
    assert!(redis.queued_invalidations < 10, "{redis:?}");
    busy.abort();
}

#[tokio::test(start_paused = true)]
async fn g1_j_it_is_sent_again_until_it_is_accepted_and_not_too_often() {
    let (store, one, _other) = two().await;
    store.always(Op::Invalidate, Trouble::Lost);
    one.invalidate_tags(["rows"]).await;
    store.take_log();
    sleep(30_000).await;
    let told = store.count(Op::Invalidate);
    assert!((30..=60).contains(&told), "{told}");
    assert_eq!(
        one.stats().redis.queued_invalidations,
        2,
        "the tag, and its guard"
    );
    store.heal();
    sleep(1_100).await;
    assert_eq!(one.stats().redis.queued_invalidations, 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_is_sent_it_at_once() {
    let (store, one, other) = two().await;
    put(&other, 1).await;
    store.away(true);
    one.invalidate("row").await;
    sleep(60_000).await;
    assert!(store.has(ENTRY) && !one.stats().redis.is_up);
    store.away(false);
    settle().await;
    assert!(!store.has(ENTRY));
    assert_eq!(one.stats().redis.queued_invalidations, 0);
}

#[tokio::test(start_paused = true)]
async fn g1_h_an_invalidation_that_is_dropped_is_sent_all_the_same() {
    for trouble in [Trouble::Lost, Trouble::Late(Duration::from_millis(50))] {
        let (store, one, other) = two().await;
        put(&other, 1).await;
        assert_eq!(one.get::<u64>("row").await, Some(1));
        store.once(Op::Invalidate, trouble);
        {
            let mut invalidating = pin!(one.invalidate("row"));
            assert!(poll_once(invalidating.as_mut()).is_pending());
        }
        assert_eq!(one.stats().redis.queued_invalidations, 1);
        settle().await;
        assert!(!store.has(ENTRY), "{trouble:?}");
        assert_eq!(one.stats().redis.queued_invalidations, 0);
        assert_eq!(one.get::<u64>("row").await, None);
    }
}

/// Nobody knows whether the value was stored, so that it is removed; what comes late finds
/// its token gone.
#[tokio::test(start_paused = true)]
async fn a_store_that_got_lost_is_taken_back() {
    for trouble in [Trouble::Lost, Trouble::AnswerLost, Trouble::Held] {
        let (store, one, other) = two().await;
        store.once(Op::Fill, trouble);
        assert_eq!(call(&one, &quick(1)).await.await.unwrap(), 1);
        sleep(10).await;
        let log = store.take_log();
        let told = |names: &[String]| names == [ENTRY];
        assert!(
            log.iter()
                .any(|step| step.op == Op::Invalidate && told(&step.names)),
            "{trouble:?}: {log:?}"
        );
        store.release();
        assert!(!store.has(ENTRY), "{trouble:?}");
        put(&other, 2).await;
        store.release();
        assert_eq!(other.get::<u64>("row").await, Some(2));
    }
}

/// A node that computed while it could not ask the store does not go back to what stands
/// there when it can again.
#[tokio::test(start_paused = true)]
async fn g1_k_what_was_computed_without_the_store_gives_way_to_nothing_older() {
    for trouble in [None, Some(Trouble::Lost), Some(Trouble::AnswerLost)] {
        let (store, one, other) = two().await;
        put(&other, 1).await;
        match trouble {
            None => store.away(true),
            Some(trouble) => store.once(Op::Read, trouble),
        }
        let short = Policy::new().memory_ttl(Duration::from_secs(1));
        let value = call_with(&one, &quick(2), short.clone()).await;
        assert_eq!(value.await.unwrap(), 2);
        store.away(false);
        sleep(2_000).await;
        assert_eq!(one.stats().redis.queued_invalidations, 0);
        let value = call_with(&one, &quick(3), short).await;
        assert_eq!(
            value.await.unwrap(),
            3,
            "not the one of before: {trouble:?}"
        );
    }
}

/// The same if the store comes back in the middle of the computation.
#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_during_the_computation_is_not_trusted_yet() {
    let (store, one, other) = two().await;
    put(&other, 1).await;
    store.away(true);
    let source = Source::default();
    source.write(2);
    let computing = call(&one, &source).await;
    store.away(false);
    settle().await;
    source.gate.open();
    assert_eq!(computing.await.unwrap(), 2);
    settle().await;
    assert!(!store.has(ENTRY), "what stood there is older");
}

/// A write whose caller goes away before the store answered: nobody may find there what was
/// before the write.
#[tokio::test(start_paused = true)]
async fn a_write_that_is_dropped_leaves_nothing_older() {
    for (op, refused) in [(Op::Fill, false), (Op::Invalidate, true)] {
        let (store, one, other) = two().await;
        put(&other, 1).await;
        if refused {
            store.once(Op::Fill, Trouble::Rejected("OOM"));
        }
        store.once(op, Trouble::Late(Duration::from_millis(50)));
        let writing = tokio::spawn({
            let one = one.clone();
            async move { put(&one, 2).await }
        });
        sleep(20).await;
        writing.abort();
        settle().await;
        assert!(!store.has(ENTRY), "{op:?}");
        assert_eq!(one.get::<u64>("row").await, None, "{op:?}");
    }
}

/// Nobody has the cache any more. What it still has to tell is told when the store comes back, but not
/// later than some minutes after: then nothing of it is left.
#[tokio::test(start_paused = true)]
async fn what_the_last_handle_leaves_is_sent_or_given_up() {
    for minutes in [4, 6] {
        let (store, one, other) = two().await;
        let hour = Policy::new().ttl(Duration::from_secs(3_600));
        other.put("row", 1_u64, &hour).await;
        store.always(Op::Invalidate, Trouble::Unavailable);
        one.invalidate("row").await;
        drop(one);
        sleep(minutes * 60_000).await;
        assert!(store.has(ENTRY));
        store.heal();
        sleep(1_100).await;
        assert_eq!(store.has(ENTRY), minutes > 5, "{minutes} minutes");
        store.take_log();
        sleep(600_000).await;
        assert_eq!(store.count(Op::Invalidate), 0, "nothing goes on");
    }
}
