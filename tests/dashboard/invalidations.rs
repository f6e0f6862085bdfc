//! Invalidations from the page.

use serde_json::json;

use crate::world::{World, product, user};

#[tokio::test]
async fn a_key_a_tag_and_a_function_are_invalidated() {
    let world = World::new().await;
    for (target, misses) in [
        (json!({ "key": "product:1" }), 1),
        (json!({ "tag": "category:1" }), 2),
        (json!({ "function": "product" }), 3),
    ] {
        for id in [1, 2, 4] {
            product(&world.cache, id).await;
        }
        user(&world.cache, "a").await;
        let before = world.cache.stats();
        let effect = world.post("api/invalidate", target.clone()).await;
        assert_eq!(
            (&effect["acknowledged"], &effect["known"]),
            (&json!(true), &json!(true))
        );
        for id in [1, 2, 4] {
            product(&world.cache, id).await;
        }
        user(&world.cache, "a").await;
        let since = world.cache.stats().since(&before);
        assert_eq!(
            (since.invalidations, since.computations),
            (1, misses),
            "{target}"
        );
    }
}

#[tokio::test]
async fn an_unknown_function_is_reported() {
    let world = World::new().await;
    let effect = world
        .post("api/invalidate", json!({ "function": "produkt" }))
        .await;
    assert_eq!(
        (&effect["known"], &effect["acknowledged"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn a_soft_invalidation_keeps_the_old_value_as_stale() {
    let world = World::new().await;
    let policy = cachekit::Policy::new().stale_if_error(std::time::Duration::from_secs(60));
    let policy = policy.tag("rates");
    let rate = async |result: Result<u64, &'static str>| {
        let computed = || async { result };
        world
            .cache
            .try_get_or_compute("rate", &policy, computed)
            .await
    };
    assert_eq!(rate(Ok(1)).await, Ok(1));
    world
        .post("api/invalidate", json!({ "tag": "rates", "soft": true }))
        .await;
    assert_eq!(rate(Err("down")).await, Ok(1));
    let life = world.life("rate").await;
    let states = life["memory"][0]["dependencies"]
        .as_array()
        .expect("names")
        .iter();
    assert!(
        states.clone().any(|it| it["state"] == "soft_invalidated"),
        "{life}"
    );
    world
        .post("api/invalidate", json!({ "tag": "rates" }))
        .await;
    assert_eq!(rate(Err("down")).await, Err("down"));
}
