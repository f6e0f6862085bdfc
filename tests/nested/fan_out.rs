//! An entry that is made of very many others.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::Source;

use crate::levels::user;
use crate::world::{cache, quick};

/// So many entries, more than are followed one by one.
const USERS: u64 = 100;

/// Polls all futures in this task until each has ended.
async fn join_all<F: Future<Output = u64>>(futures: impl Iterator<Item = F>) -> Vec<u64> {
    let mut running: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut outputs = vec![0; running.len()];
    poll_fn(|context| {
        for (slot, output) in running.iter_mut().zip(&mut outputs) {
            let poll = slot.as_mut().map(|it| Pin::as_mut(it).poll(context));
            if let Some(Poll::Ready(value)) = poll {
                *output = value;
                *slot = None;
            }
        }
        if running.iter().all(Option::is_none) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    outputs
}

#[cached(name = "fan_out_feed", key = "fan-out:feed", skip(source))]
async fn feed(source: &Source) -> Vec<u64> {
    join_all((0..USERS).map(|id| user(source, id))).await
}

/// A level above it.
#[cached(name = "fan_out_home", key = "fan-out:home", skip(source))]
async fn home(source: &Source) -> Vec<u64> {
    feed(source).await
}

/// Zeros, and a one for the user of this number.
fn changed(id: u64) -> Vec<u64> {
    (0..USERS).map(|other| u64::from(other == id)).collect()
}

#[tokio::test]
async fn each_of_a_hundred_calls_counts() {
    for id in [0, 37, 63, 64, 65, 99] {
        let source = quick();
        scope(cache().await, async {
            home(&source).await;
            source.write(1);
            user::entry(id).invalidate().await;
            assert_eq!(home(&source).await, changed(id), "user {id}");
        })
        .await;
    }
}

/// All of them have the tags too.
#[tokio::test]
async fn a_tag_of_one_of_a_hundred_counts() {
    for id in [0, 37, 99] {
        let (cache, source) = (cache().await, quick());
        scope(cache.clone(), async {
            home(&source).await;
            source.write(1);
            cache.invalidate_tags([format!("team:{id}")]).await;
            assert_eq!(home(&source).await, changed(id), "user {id}");
        })
        .await;
    }
}

/// They wait for the source at the same time.
#[tokio::test(start_paused = true)]
async fn each_of_a_hundred_computations_at_once_counts() {
    let (cache, source) = (cache().await, Source::default());
    let call = |source: Source| async move { home(&source).await };
    let first = tokio::spawn(scope(cache.clone(), call(source.clone())));
    for _ in 0..USERS {
        source.gate.arrived().await;
    }
    source.gate.open_for_all();
    assert_eq!(first.await.expect("no panic"), changed(USERS));
    source.write(1);
    scope(cache, async {
        user::entry(99).invalidate().await;
        assert_eq!(home(&source).await, changed(99));
    })
    .await;
}
