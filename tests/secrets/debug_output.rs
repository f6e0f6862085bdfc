//! The `Debug` output of public types.

use std::time::Duration;

use cachekit::{
    BuildError, Cache, Capacity, Codec, Eviction, OnDisconnect, OnNewMaster, Policy, SingleFlight,
    SystemClock, Tier, cached, testing,
};
use cachekit_tests::redis::Redis;

use crate::values::Usual;
use crate::{ARGUMENT, HOT_KEYS, PASSWORD, VALUE, show};

#[cached(key = "shown:{name}", name = "secrets_shown", tags = ["kind:{name}"])]
async fn shown(name: &str) -> Usual {
    let _ = name;
    Usual::new(1)
}

pub(crate) async fn all() {
    let redis = Redis::with(&["--requirepass", PASSWORD]);
    let cache = Cache::builder()
        .redis(redis.url())
        .redis_password(PASSWORD)
        .build()
        .await
        .expect("a valid set-up");
    let region = cache.region::<Usual>("shown");
    region.set(ARGUMENT, Usual::new(2)).await;
    testing::scope(cache.clone(), async {
        // Often enough to be in the sample for certain.
        for _ in 0..1_000 {
            shown(ARGUMENT).await;
        }
        let entry = shown::entry(ARGUMENT);
        show("an entry", &entry);
        show("its statistics", &shown::stats());
        entry.put(Usual::new(3)).await;
        assert!(entry.get().await.is_some_and(|value| value.text == VALUE));
    })
    .await;
    show("a cache", &cache);
    show("its configuration", &cache.config());
    println!("its configuration: {}", cache.config());
    show("a region", &region);
    show("its statistics", &region.stats());
    show("statistics", &cache.stats());
    let hot = cache.hot_keys(10);
    assert!(hot.iter().any(|hot| hot.key.contains(ARGUMENT)));
    show(HOT_KEYS, &hot);
    show("an invalidation", &cache.invalidation().keys([ARGUMENT]));
    let within = cache
        .invalidation()
        .acknowledged()
        .within(Duration::from_secs(1));
    show("acknowledged in time", &within);
    show("a policy", &Policy::new().tag(ARGUMENT).event(ARGUMENT));
    show(
        "settings",
        &(Capacity::entries(1), Codec::Bincode, Eviction::Lru),
    );
    show("more", &(OnDisconnect::Serve, OnNewMaster::Clear));
    show(
        "more",
        &(SingleFlight::Cluster, Tier::Both, SystemClock::new()),
    );
    show("the global cache", &cachekit::global());
    let twice: Result<(), BuildError> =
        cachekit::init(cache.clone()).and_then(|()| cachekit::init(cache));
    show("twice", &twice);
}
