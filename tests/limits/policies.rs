//! Options of a call, and of a region.

use cachekit::testing::FakeStore;
use cachekit::{Cache, Capacity, Policy, Region, Tier};
use cachekit_tests::settle;

use crate::{ENDS, End, assert_same, both, computations, exercise, setters};

type Set = fn(Policy, End) -> Policy;

const NUMBERS: &[(&str, Set)] = &[
    ("ttl", |it, end| it.ttl(end.length())),
    ("memory_ttl", |it, end| it.memory_ttl(end.length())),
    ("idle", |it, end| it.idle(end.length())),
    ("redis_ttl", |it, end| it.redis_ttl(end.length())),
    ("lock_timeout", |it, end| it.lock_timeout(end.length())),
    ("stale", |it, end| it.stale(end.length())),
    ("stale_if_error", |it, end| it.stale_if_error(end.length())),
    ("soft_timeout", |it, end| it.soft_timeout(end.length())),
    ("max_computations", |it, end| {
        it.max_computations("limits", u32::try_from(end.number()).unwrap_or(u32::MAX))
    }),
    ("replicas", |it, end| {
        let copies = u8::try_from(end.number()).unwrap_or(u8::MAX);
        it.tier(Tier::Redis).replicas(copies)
    }),
    ("jitter", |it, end| it.jitter(share(end))),
    ("jitter", |it, end| it.jitter(-share(end))),
    ("jitter", |it, _| it.jitter(f32::NAN)),
    ("early", |it, end| it.early(share(end))),
    ("early", |it, end| it.early(-share(end))),
    ("early", |it, _| it.early(f32::INFINITY)),
    ("early", |it, _| it.early(f32::NAN)),
];

const WITHOUT_NUMBERS: &[&str] = &[
    "detach",
    "tier",
    "single_flight",
    "codec",
    "compress",
    "encrypt",
    "depends",
    "tag",
    "event",
];

fn share(end: End) -> f32 {
    match end {
        End::Zero => 0.0,
        End::One => f32::MIN_POSITIVE,
        End::Greatest => f32::MAX,
    }
}

#[test]
fn the_table_has_every_option() {
    let numbers = NUMBERS.iter().map(|(name, _)| *name);
    let listed = numbers.chain(WITHOUT_NUMBERS.iter().copied());
    let listed = listed.map(str::to_owned).collect();
    assert_same(listed, setters("cachekit/src/model/policy.rs"));
    let mut of_regions = setters("cachekit/src/api/region.rs");
    of_regions.sort();
    assert_eq!(of_regions, ["capacity", "idle", "tag", "ttl"]);
}

#[tokio::test(start_paused = true)]
async fn each_works_with_memory_and_with_a_store() {
    for (name, set) in NUMBERS {
        for end in ENDS {
            for others in [Policy::new(), Policy::new().stale(End::Greatest.length())] {
                let policy = set(others, end);
                for cache in both(Cache::builder).await {
                    exercise(&cache, &policy).await;
                }
                // Entries that live for a moment only, or in copies, are computed again.
                let is_length = name.ends_with("ttl") || *name == "idle";
                let is_short = end != End::Greatest && is_length;
                if !is_short && !["replicas", "jitter", "early"].contains(name) {
                    let runs = computations(Cache::builder, &policy).await;
                    assert_eq!(runs, 1, "{name} at its end {end:?}");
                }
            }
        }
    }
}

/// With a life without end the windows have a length all the same.
#[tokio::test(start_paused = true)]
async fn what_lives_for_ever_may_be_old_for_as_long_as_it_says() {
    for ttl in [End::One.length() * 1_000_000_000, End::Greatest.length()] {
        let policy = Policy::new().ttl(ttl).stale(End::Greatest.length());
        for cache in both(Cache::builder).await {
            let compute = |value: u64| move || async move { value };
            assert_eq!(cache.get_or_refresh("k", &policy, compute(1)).await, 1);
            settle().await;
            cache.invalidation().soft().keys(["k"]).await;
            assert_eq!(cache.get_or_refresh("k", &policy, compute(2)).await, 1);
            settle().await;
            assert_eq!(cache.get_or_refresh("k", &policy, compute(3)).await, 2);
        }
    }
}

/// What is not a number shortens nothing.
#[tokio::test]
async fn a_share_that_is_no_number_is_none() {
    let policy = Policy::new().jitter(f32::NAN);
    assert_eq!(policy, Policy::new());
}

async fn region(set: impl Fn(Region<u64>) -> Region<u64>) {
    for store in [None, Some(FakeStore::new())] {
        let builder = Cache::builder();
        let builder = match store {
            Some(store) => builder.__store(store),
            None => builder,
        };
        let cache = builder.build().await.expect("a valid set-up");
        let region = set(cache.region("limits"));
        region.set(1, 2).await;
        let got = region.get(1).await;
        assert!(got.is_none() || got == Some(2));
        for _ in 0..3 {
            assert_eq!(region.get_or_compute(1, || async { 2 }).await, 2);
            settle().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn regions() {
    for end in ENDS {
        region(|it| it.ttl(end.length())).await;
        region(|it| it.capacity(Capacity::entries(end.number()))).await;
        region(|it| it.capacity(Capacity::bytes(end.number()))).await;
    }
}
