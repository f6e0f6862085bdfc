//! The hottest and most missed keys, and the life of one key.

use std::time::Duration;

use cachekit::testing::ManualClock;
use cachekit::{Cache, Policy, cached};
use serde_json::{Value, json};

use crate::world::{Ask, World, product, user};

fn list(answer: &Value, name: &str) -> Vec<(String, u64)> {
    let keys = answer[name].as_array().expect("a list").iter();
    let key = |it: &Value| {
        let count = it["count"].as_u64().expect("a count");
        (it["key"].as_str().expect("a key").to_owned(), count)
    };
    keys.map(key).collect()
}

fn texts(life: &Value) -> Vec<&str> {
    let events = life["events"].as_array().expect("events").iter();
    events
        .map(|it| it["text"].as_str().expect("a text"))
        .collect()
}

#[tokio::test]
async fn keys_are_listed_by_uses_and_by_misses() {
    let world = World::new().await;
    for _ in 0..5 {
        product(&world.cache, 1).await;
        product(&world.cache, 2).await;
        product(&world.cache, 2).await;
        world.cache.invalidate("product:1").await;
    }
    let keys = world.get("api/keys").await;
    assert_eq!(list(&keys, "hottest")[0].0, "product:2");
    let missed = [("product:1".to_owned(), 5), ("product:2".to_owned(), 1)];
    assert_eq!(list(&keys, "missed"), missed);
    assert_eq!(keys["missed"][0]["function"], "product");
}

#[tokio::test]
async fn misses_are_counted_for_few_keys() {
    let world = World::new().await;
    for id in 0..1_000 {
        product(&world.cache, id).await;
    }
    assert_eq!(list(&world.get("api/keys").await, "missed").len(), 20);
}

/// A key is data of users: the page gets it as text.
#[tokio::test]
async fn a_key_with_markup_is_text_in_json() {
    let world = World::new().await;
    let name = "<img src=x onerror=alert(1)>";
    user(&world.cache, name).await;
    user(&world.cache, name).await;
    let seen = Ask::get("/ops/cache/api/keys").of(&world.service).await;
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.header("x-content-type-options"), "nosniff");
    let key = user::entry(&world.cache, name);
    assert_eq!(list(&seen.json(), "missed")[0].0, key.key());
    let raw = Policy::new();
    world.cache.get_or_compute(name, &raw, || async { 1 }).await;
    let life = world.life(name).await;
    assert_eq!(life["memory"][0]["state"], "fresh");
    let keys = world.get("api/keys").await;
    assert!(list(&keys, "missed").iter().any(|(key, _)| key == name));
}

#[tokio::test]
async fn the_life_of_a_key_tells_why_a_call_missed() {
    let world = World::new().await;
    assert_eq!(world.life("product:4").await["why"], Value::Null);
    product(&world.cache, 4).await;
    let life = world.life("product:4").await;
    assert!(
        life["why"].as_str().expect("why").contains("never stored"),
        "{life}"
    );
    let first = ["The value was stored.", "The function began to run."];
    assert_eq!(texts(&life)[..2], first);

    world
        .post("api/invalidate", json!({ "tag": "category:1" }))
        .await;
    let life = world.life("product:4").await;
    let entry = &life["memory"][0];
    assert_eq!(
        (&entry["state"], &entry["function"]),
        (&json!("invalidated"), &json!("product"))
    );
    let tag = json!({ "kind": "tag", "name": "category:1", "state": "invalidated" });
    assert!(
        entry["dependencies"]
            .as_array()
            .expect("names")
            .contains(&tag),
        "{entry}"
    );
    assert_eq!(texts(&life)[0], "The tag `category:1` was invalidated.");

    product(&world.cache, 4).await;
    let life = world.life("product:4").await;
    assert_eq!(
        life["why"],
        "Miss: the tag `category:1` was invalidated, on which the entry depended."
    );
    assert_eq!(life["memory"][0]["state"], "fresh");
    let since = texts(&life);
    assert_eq!(since[0], "The value was stored.");
    assert!(
        since[3].contains("which an invalidation of the tag `category:1` had made"),
        "{since:?}"
    );

    world.cache.invalidate("product:4").await;
    product(&world.cache, 4).await;
    let life = world.life("product:4").await;
    assert_eq!(life["why"], "Miss: the key was invalidated.");
    assert_eq!(life["events"][2]["cause"], "key");
    assert!(texts(&life).contains(&"The entry `product:4` was invalidated."));
}

#[tokio::test]
async fn an_expired_key_says_so() {
    let clock = ManualClock::new();
    let cache = Cache::builder()
        .clock(clock.clone())
        .build()
        .await
        .expect("a cache");
    let world = World::of(cache);
    product(&world.cache, 1).await;
    clock.advance(Duration::from_secs(61));
    assert_eq!(
        world.life("product:1").await["memory"][0]["state"],
        "expired"
    );
    product(&world.cache, 1).await;
    let life = world.life("product:1").await;
    assert_eq!(life["why"], "Miss: the life of the entry was over.");
    assert_eq!(life["memory"][0]["fresh_for"], 60.0);
}

#[tokio::test]
async fn a_value_that_was_not_stored_says_so() {
    #[cached(key = "racing", name = "racing", cache = cache, skip(cache, is_first))]
    async fn racing(cache: &Cache, is_first: bool) -> u64 {
        if is_first {
            cache.invalidate("racing").await;
        }
        1
    }

    let world = World::new().await;
    racing(&world.cache, true).await;
    let life = world.life("racing").await;
    assert!(
        texts(&life)[0].starts_with("The value was not stored, because the key was invalidated")
    );
    assert_eq!(life["memory"], json!([]));
}

/// Nobody pays for a history that nobody reads.
#[tokio::test]
async fn events_are_recorded_only_while_a_dashboard_exists() {
    let World { cache, service } = World::new().await;
    product(&cache, 1).await;
    drop(service);
    product(&cache, 3).await;
    let world = World::of(cache);
    for key in ["product:1", "product:3"] {
        assert_eq!(world.life(key).await["events"], json!([]), "{key}");
    }
    product(&world.cache, 2).await;
    assert_eq!(texts(&world.life("product:2").await).len(), 3);
}
