//! A function and manually stored values, under keys with equal texts.

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, Policy, Tier, cached};
use cachekit_tests::capture::Capture;
use cachekit_tests::settle;
use tracing::Level;

use crate::world::settings;

#[cached(key = "met-{id}", name = "met_by_hand", tier = memory)]
async fn in_memory(id: u64) -> String {
    format!("function {id}")
}

#[cached(key = "met:{id}", name = "met_both")]
async fn in_both(id: u64) -> String {
    format!("function {id}")
}

#[cached(key = "met/{id}", name = "met_redis", tier = redis)]
async fn in_redis(id: u64) -> String {
    format!("function {id}")
}

async fn explicit(cache: &Cache, key: &str, tier: Tier) {
    let policy = Policy::new().tier(tier);
    let compute = || async { "by hand".to_owned() };
    let got = cache.get_or_compute(key, &policy, compute).await;
    assert_eq!(got, "by hand");
    settle().await;
}

/// Nobody ever gets the other's value, and what they do to one another is said once.
#[tokio::test(start_paused = true)]
async fn it_is_logged_once_and_nobody_gets_the_other_s_value() {
    for tier in [Tier::Memory, Tier::Both, Tier::Redis] {
        let log = Capture::default();
        let _here = tracing::subscriber::set_default(log.clone());
        let cache = settings(&FakeStore::new()).build().await;
        let cache = cache.expect("a valid set-up");
        scope(cache.clone(), async {
            for _ in 0..10 {
                let (got, key) = match tier {
                    Tier::Memory => (in_memory(7).await, "met-7"),
                    Tier::Both => (in_both(7).await, "met:7"),
                    _ => (in_redis(7).await, "met/7"),
                };
                assert_eq!(got, "function 7");
                settle().await;
                explicit(&cache, key, tier).await;
            }
        })
        .await;
        let lines = log.lines();
        let warned = lines.iter().filter(|line| line.level == Level::WARN);
        let warned: Vec<_> = warned.map(|line| line.text.as_str()).collect();
        assert_eq!(warned.len(), 1, "{tier:?}: {warned:?}");
        for part in [
            "met_",
            "(direct)",
            "begin the keys of one with another word",
        ] {
            assert!(warned[0].contains(part), "{part} in {}", warned[0]);
        }
        // Of what is said, not where in the sources.
        let (_, message) = warned[0].split_once("message=").expect("a message");
        assert!(!message.contains('7'), "no key: {message}");
    }
}

/// Each pair has its line, and others have none.
#[tokio::test(start_paused = true)]
async fn each_pair_is_logged_once() {
    let log = Capture::default();
    let _here = tracing::subscriber::set_default(log.clone());
    let cache = cachekit_tests::builder().build().await.expect("right");
    scope(cache.clone(), async {
        let (met, other) = (cache.region::<u64>("met"), cache.region::<u64>("other"));
        for _ in 0..5 {
            in_both(7).await;
            met.get_or_compute(7, || async { 1 }).await;
            explicit(&cache, "met:7", Tier::Both).await;
            other.get_or_compute(7, || async { 1 }).await;
        }
    })
    .await;
    let lines = log.lines();
    let warned = lines.iter().filter(|line| line.level == Level::WARN);
    let warned: Vec<_> = warned.map(|line| line.text.as_str()).collect();
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(warned[0].contains("met_both") && warned[0].contains("region met"));
    assert!(warned[1].contains("(direct)") && warned[1].contains("region met"));
}
