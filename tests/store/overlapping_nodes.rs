//! Nodes and answers that overlap.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble, scope};
use cachekit::{Policy, SingleFlight, cached};
use cachekit_tests::{Source, settle};

use crate::world::{ENTRY, call, call_with, node, policy, quick, settings, sleep, timed, two};

const SLOW: Trouble = Trouble::Slow(Duration::from_millis(50));

#[cached(key = "item:{id}", name = "labelled_item", tags = ["shard:{ret}"], skip(source))]
async fn item(source: Source, id: u64) -> u64 {
    source.read().await
}

/// A node reads an entry whose tag it has never heard of, and while the answer is on its way
/// another node invalidates that tag: what the first one serves afterwards, and how many
/// other tags it hears of in between.
async fn tag_first_learnt_on_the_way(others: u64, fault: Option<Fault>) -> Option<u64> {
    let store = FakeStore::new();
    let other = node(&store).await;
    scope(other.clone(), item(quick(7), 1)).await;
    settle().await;
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    // The versions of tags that only the entry names are asked for after it.
    store.once(Op::Versions, SLOW);
    let reading = tokio::spawn({
        let one = one.clone();
        scope(one, async { item::entry(1).get().await })
    });
    sleep(20).await;
    other.invalidate_tags(["shard:7"]).await;
    for n in 0..others {
        other.invalidate_tags([format!("another:{n}")]).await;
    }
    settle().await;
    reading.await.expect("it ends well");
    scope(one, async { item::entry(1).get().await }).await
}

#[tokio::test(start_paused = true)]
async fn g1_c_a_tag_first_learnt_from_an_answer_may_have_been_invalidated_meanwhile() {
    // So many others that the first is not remembered one by one any more.
    for others in [0, 20_000] {
        assert_eq!(
            tag_first_learnt_on_the_way(others, None).await,
            None,
            "{others} others"
        );
    }
    let deaf = tag_first_learnt_on_the_way(0, Some(Fault::Deaf)).await;
    assert_eq!(deaf, Some(7), "it is the message that matters");
}

/// Computations of one entry begin again and again while earlier ones run: none of them takes
/// the token away from those before it.
#[tokio::test(start_paused = true)]
async fn g1_e_under_steady_overlap_the_first_to_end_is_stored() {
    for single_flight in [SingleFlight::Process, SingleFlight::Off] {
        let store = FakeStore::new();
        let policy = policy().single_flight(single_flight);
        let source = Source::default();
        let mut running = vec![];
        for n in 1..=6 {
            let cache = node(&store).await;
            running.push((
                call_with(&cache, &source, policy.clone()).await,
                cache.clone(),
            ));
            assert_eq!(source.runs(), n, "nobody waits for another process");
        }
        source.gate.open();
        settle().await;
        let stored = running.iter().map(|(_, cache)| cache.stats().redis.stores);
        assert_eq!(stored.sum::<u64>(), 1, "{single_flight:?}");
        source.gate.open_for_all();
        for (call, _) in running {
            call.await.expect("it ends well");
        }
        assert_eq!(node(&store).await.get::<u64>("row").await, Some(0));
    }
}

/// Memory that is not trusted is asked for: one question for each key, and not too many at
/// once, however many call.
#[tokio::test(start_paused = true)]
async fn g5_asking_again_is_coalesced_and_bounded() {
    const KEYS: u64 = 1_000;
    const AT_ONCE: usize = 512;
    let store = FakeStore::new();
    let one = node(&store).await;
    let policy = Policy::new();
    for n in 0..KEYS {
        one.put(&n.to_string(), n, &policy).await;
    }
    store.silence(true);
    sleep(3_000).await;
    assert!(!one.stats().redis.is_bus_live);
    store.always(Op::Read, SLOW);
    store.take_log();
    let mut calls = vec![];
    for n in 0..KEYS * 5 {
        let (one, policy) = (one.clone(), policy.clone());
        calls.push(tokio::spawn(async move {
            let key = (n % KEYS).to_string();
            one.get_or_compute(&key, &policy, || async { u64::MAX })
                .await
        }));
    }
    settle().await;
    let asked = store.count(Op::Read);
    assert!(asked > AT_ONCE / 2 && asked <= AT_ONCE, "{asked}");
    for (call, n) in calls.into_iter().zip((0..KEYS).cycle()) {
        assert_eq!(call.await.expect("it ends well"), n, "nothing is computed");
    }
}

/// A command that asked for the lease runs again after its computation was stored and
/// invalidated: a lease that nobody holds.
#[tokio::test(start_paused = true)]
async fn m1_a_lease_of_nobody_is_waited_for_until_it_runs_out() {
    let (store, one, other) = two().await;
    store.once(Op::Acquire, Trouble::Held);
    let first = call(&one, &quick(1)).await;
    assert_eq!(first.await.unwrap(), 1, "it goes on without");
    settle().await;
    // Given back for who may have got it; and then it runs after all.
    assert_eq!(store.release(), 1);
    let (took, value) = timed(call(&other, &quick(2)).await).await;
    assert_eq!(value.unwrap(), 2);
    assert!(took < Duration::from_millis(3_600), "{took:?}");
    assert!(store.has(ENTRY));
}

/// What another's entry is found by, under a key that reads the same, is not given to a function.
#[tokio::test(start_paused = true)]
async fn what_an_explicit_get_finds_is_no_function_s() {
    for fault in [None, Some(Fault::JoinAnother)] {
        let (store, other, _) = two().await;
        other.put("item:1", 5_u64, &Policy::new()).await;
        let builder = settings(&store);
        let builder = match fault {
            Some(fault) => builder.__seed(fault),
            None => builder,
        };
        let one = builder.build().await.expect("a valid set-up");
        store.once(Op::Read, SLOW);
        let looking = tokio::spawn({
            let one = one.clone();
            async move { one.get::<u64>("item:1").await }
        });
        settle().await;
        let got = scope(one, item(quick(7), 1)).await;
        assert_eq!(looking.await.expect("it ends well"), Some(5));
        assert_eq!(got, if fault.is_some() { 5 } else { 7 });
    }
}
