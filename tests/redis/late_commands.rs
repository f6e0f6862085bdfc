//! Commands that run late, twice, or after their sender gave up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::testing::Fault;
use cachekit::{Cache, CacheBuilder, Policy, cached, testing, write_through};
use cachekit_tests::proxy::Proxy;
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{Gate, Source};

use crate::world::{node, settings, until};

#[cached(key = "a:{id}", name = "a", tags = ["shared"], skip(source))]
async fn a(source: Source, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "b:{id}", name = "b", tags = ["shared"], skip(source))]
async fn b(source: Source, id: u64) -> u64 {
    source.read().await
}

fn seeded(builder: CacheBuilder, fault: Option<Fault>) -> CacheBuilder {
    match fault {
        Some(fault) => builder.seed(fault),
        None => builder,
    }
}

/// The commands that change an entry: those of scripts that name its key.
fn names_key(key: &'static str) -> impl FnMut(&cachekit_tests::proxy::Sent) -> bool {
    move |sent| sent.name() == "EVALSHA" && sent.args.get(3).is_some_and(|at| at == key.as_bytes())
}

/// A command that made a tag's version runs twice, around an invalidation of the tag. The
/// version that the reader of the last line sees: 0, if the second run brought it back.
async fn version_made_twice(fault: Option<Fault>) -> u64 {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let first = seeded(settings(&proxy.url()), fault)
        .build()
        .await
        .expect("a valid set-up");
    // It must not hear of the invalidation: then it would not even try to store.
    let second = settings(&redis.url())
        .seed(Fault::Deaf)
        .build()
        .await
        .expect("a valid set-up");
    let source = Source::default();

    // The first run makes the version of the tag `shared`.
    proxy.repeat_if(names_key("shop:k:a:1"));
    let making = tokio::spawn(testing::scope(first.clone(), a(source.clone(), 1)));
    source.gate.arrived().await;
    // Another entry's computation begins with it.
    let computing = tokio::spawn(testing::scope(second.clone(), b(source.clone(), 1)));
    source.gate.arrived().await;
    source.write(1);
    node(&redis.url()).await.invalidate_tags(["shared"]).await;
    let repeated = proxy.repeat_now();
    assert_eq!(repeated.len(), 1, "{repeated:?}");
    source.gate.open_for_all();
    making.await.expect("it ends well");
    computing.await.expect("it ends well");
    until("the store was answered", || {
        second.stats().redis.stores + second.stats().redis.refused_stores == 1
    })
    .await;
    testing::scope(node(&redis.url()).await, b(source, 1)).await
}

#[tokio::test]
async fn r1_a_repeated_command_brings_no_version_back() {
    assert_eq!(version_made_twice(None).await, 1);
    assert_eq!(version_made_twice(Some(Fault::ClientMadeVersions)).await, 0);
}

/// A store that its sender gave up on runs after a newer write and an invalidation. What a
/// reader finds then.
async fn store_given_up_on(fault: Option<Fault>, newer: bool) -> Option<u64> {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    // It is gone with all it had to tell, as with its process.
    let slow = seeded(settings(&proxy.url()), fault)
        .seed(Fault::LeaveUntold)
        .build()
        .await
        .expect("a valid set-up");
    let policy = Policy::new();
    // The first command of the write takes the token, the second stores.
    let mut seen = 0;
    proxy.hold_if(move |sent| {
        seen += usize::from(sent.name() == "EVALSHA");
        seen == 2
    });
    let late = tokio::spawn({
        let (slow, policy) = (slow.clone(), policy.clone());
        async move { slow.put("k", 1_u64, &policy).await }
    });
    proxy.held().await;
    proxy.close_clients_keep_server();
    late.await.expect("it ends well");
    drop(slow);

    let other = node(&redis.url()).await;
    if newer {
        other.put("k", 2_u64, &policy).await;
    } else {
        other.invalidate("k").await;
    }
    proxy.release();
    let ran = || {
        redis
            .client()
            .info("commandstats", "cmdstat_evalsha")
            .unwrap_or_default()
    };
    let expected = if newer { "calls=4" } else { "calls=2" };
    until("the late store ran", || ran().starts_with(expected)).await;
    node(&redis.url()).await.get::<u64>("k").await
}

#[tokio::test]
async fn r3_a_store_that_was_given_up_on_changes_nothing_when_it_runs() {
    assert_eq!(store_given_up_on(None, true).await, Some(2));
    assert_eq!(store_given_up_on(None, false).await, None);
}

#[tokio::test]
async fn without_the_token_it_does() {
    let fault = Some(Fault::FillWithoutToken);
    assert_eq!(store_given_up_on(fault, true).await, Some(1));
}

/// The same with a server that stands still: what it was sent runs when it goes on.
#[tokio::test]
async fn r3_a_frozen_server_runs_what_was_given_up_on_and_nothing_old_comes_of_it() {
    let redis = Redis::start();
    // It is gone with all it had to tell, as with its process.
    let slow = settings(&redis.url()).seed(Fault::LeaveUntold);
    let slow = slow.build().await.expect("a valid set-up");
    let source = Source::default();
    let computing = tokio::spawn(testing::scope(slow.clone(), a(source.clone(), 1)));
    source.gate.arrived().await;
    source.write(1);
    redis.freeze();
    source.gate.open_for_all();
    assert_eq!(
        computing.await.expect("it ends well"),
        0,
        "nobody waits for the store"
    );
    until("the store was given up", || slow.stats().redis.failures > 0).await;
    drop(slow);
    let other = tokio::spawn({
        let url = redis.url();
        async move { node(&url).await }
    });
    redis.thaw();
    let other = other.await.expect("it ends well");
    until("the other is connected", || other.stats().redis.is_up).await;
    other.invalidate("a:1").await;
    assert_eq!(testing::scope(other, a(source.clone(), 1)).await, 1);
    assert_eq!(
        testing::scope(node(&redis.url()).await, a(source, 1)).await,
        1
    );
}

/// A computation outlives its lease, another computes and stores, and then the first one
/// stores. What a reader finds.
async fn store_after_the_lease(fault: Option<Fault>) -> u64 {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let short = |url: &str| settings(url).lock_timeout(Duration::from_millis(300));
    let zombie = seeded(short(&proxy.url()), fault)
        .build()
        .await
        .expect("a valid set-up");
    let source = Source::default();
    let old = tokio::spawn(testing::scope(zombie.clone(), a(source.clone(), 1)));
    source.gate.arrived().await;
    source.write(1);
    // It cannot renew.
    proxy.hold("EVALSHA");
    let other = short(&redis.url()).build().await.expect("a valid set-up");
    let new = tokio::spawn(testing::scope(other.clone(), a(source.clone(), 1)));
    source.gate.arrived().await;
    source.gate.open();
    // The gate does not say whose turn it is: both are let go, the old one's store is held.
    source.gate.open();
    old.await.expect("it ends well");
    assert_eq!(new.await.expect("it ends well"), 1);
    until("the new one stored", || other.stats().redis.stores == 1).await;
    proxy.release();
    until("the old one's store was answered", || {
        zombie.stats().redis.stores + zombie.stats().redis.refused_stores == 1
    })
    .await;
    source.gate.open_for_all();
    testing::scope(node(&redis.url()).await, a(source, 1)).await
}

#[tokio::test]
async fn g1_who_lost_the_lease_cannot_store_over_who_took_it() {
    assert_eq!(store_after_the_lease(None).await, 1);
    assert_eq!(
        store_after_the_lease(Some(Fault::FillWithoutToken)).await,
        0
    );
}

/// What a write changes, stepped by a gate between the commit and the return.
#[derive(Debug, Clone, Default)]
struct Table {
    row: Arc<AtomicU64>,
    gate: Gate,
}

#[cached(key = "row:{id}", name = "table_row", skip(table))]
async fn read(table: Table, id: u64) -> u64 {
    table.row.load(Ordering::SeqCst)
}

#[write_through(read(_, id))]
async fn write(table: Table, id: u64, value: u64) -> u64 {
    table.row.store(value, Ordering::SeqCst);
    table.gate.pass().await;
    value
}

/// Two writes of one entry overlap; the one that committed first stores last. What a
/// reader finds in Redis.
async fn overlapping_writes(nodes: &[Cache; 2], redis: &Redis) -> Option<u64> {
    let table = Table::default();
    let other = Table {
        gate: Gate::new(),
        ..table.clone()
    };
    let first = tokio::spawn(testing::scope(nodes[0].clone(), write(table.clone(), 1, 1)));
    table.gate.arrived().await;
    let second = tokio::spawn(testing::scope(nodes[1].clone(), write(other.clone(), 1, 2)));
    other.gate.arrived().await;
    other.gate.open();
    second.await.expect("it ends well");
    table.gate.open();
    first.await.expect("it ends well");
    let reader = node(&redis.url()).await;
    testing::scope(reader, async { read::entry(1).get().await }).await
}

#[tokio::test]
async fn g1_f_overlapping_writes_leave_the_entry_empty_or_new() {
    let redis = Redis::start();
    let nodes = [node(&redis.url()).await, node(&redis.url()).await];
    assert_eq!(overlapping_writes(&nodes, &redis).await, None);
}

#[tokio::test]
async fn without_the_token_the_older_of_two_writes_stays() {
    let redis = Redis::start();
    let broken = || {
        settings(&redis.url())
            .seed(Fault::FillWithoutToken)
            .seed(Fault::Deaf)
            .build()
    };
    let nodes = [
        broken().await.expect("it ends well"),
        broken().await.unwrap(),
    ];
    assert_eq!(overlapping_writes(&nodes, &redis).await, Some(1));
}
