//! Several processes over one Redis.

use std::time::Duration;

use cachekit::Cache;
use cachekit_tests::redis::Redis;
use serde_json::{Value, json};

use crate::world::{World, product};

async fn node(redis: &Redis) -> Cache {
    let builder = cachekit_tests::patient(redis.url());
    builder.build().await.expect("a valid set-up")
}

#[tokio::test]
async fn the_figures_are_those_of_all_processes() {
    let redis = Redis::start();
    let (world, other) = (World::of(node(&redis).await), node(&redis).await);
    for id in [1, 2] {
        product(&world.cache, id).await;
    }
    product(&other, 1).await;
    product(&other, 1).await;
    let stats = world.get("api/stats").await;
    assert_eq!(
        (&stats["redis_is_up"], &stats["problem"]),
        (&json!(true), &Value::Null)
    );
    let processes = stats["processes"].as_array().expect("processes").iter();
    let shown = processes.map(|it| (it["is_this"] == true, it["calls"].as_u64()));
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown, [(true, Some(2)), (false, Some(2))]);
    assert_eq!(stats["totals"]["calls"], 4);
    let row = &stats["functions"][0];
    assert_eq!(
        (&row["calls"], &row["computations"]),
        (&json!(4), &json!(2))
    );
}

#[tokio::test]
async fn an_invalidation_is_acknowledged_by_all_processes() {
    let redis = Redis::start();
    let (one, other) = (World::of(node(&redis).await), World::of(node(&redis).await));
    product(&one.cache, 1).await;
    product(&other.cache, 1).await;
    let effect = one
        .post("api/invalidate", json!({ "tag": "category:1" }))
        .await;
    assert_eq!(
        (&effect["acknowledged"], &effect["accepted"]),
        (&json!(true), &json!(true))
    );

    let life = other.life("product:1").await;
    assert_eq!(life["memory"][0]["state"], "invalidated");
    let text = life["events"][0]["text"].as_str().expect("a text");
    assert_eq!(
        text,
        "The tag `category:1` was invalidated by another process."
    );
    let value = &life["redis"]["content"]["value"];
    assert_eq!(value["function"], "product");
    let tag = json!({ "kind": "tag", "name": "category:1", "state": "invalidated" });
    assert!(
        value["dependencies"]
            .as_array()
            .expect("names")
            .contains(&tag),
        "{value}"
    );
    product(&other.cache, 1).await;
    let why = other.life("product:1").await["why"].to_string();
    assert!(
        why.contains("tag `category:1` was invalidated, on which"),
        "{why}"
    );
}

#[tokio::test]
async fn a_redis_that_is_away_is_reported() {
    let redis = Redis::start();
    let builder = cachekit_tests::patient(redis.url()).redis_timeout(Duration::from_millis(200));
    let world = World::of(builder.build().await.expect("a valid set-up"));
    product(&world.cache, 1).await;
    redis.kill();
    cachekit_tests::until("the cache notices", || !world.cache.stats().redis.is_up).await;
    let stats = world.get("api/stats").await;
    assert_eq!(stats["redis_is_up"], false);
    assert!(
        stats["problem"]
            .as_str()
            .expect("a problem")
            .contains("Redis cannot be reached")
    );
    let life = world.life("product:1").await;
    assert_eq!(
        (&life["has_redis"], &life["redis"]),
        (&json!(true), &Value::Null)
    );
    assert!(life["problem"].is_string());
    let effect = world
        .post("api/invalidate", json!({ "key": "product:1" }))
        .await;
    assert_eq!(
        (&effect["acknowledged"], &effect["accepted"]),
        (&json!(false), &json!(false))
    );
}
