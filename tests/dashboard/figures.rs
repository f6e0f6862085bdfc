//! The figures of the charts and of the functions.

use serde_json::{Value, json};

use crate::world::{World, product, user};

#[tokio::test]
async fn the_row_of_a_function_counts_its_calls() {
    let world = World::new().await;
    assert_eq!(world.row("product").await, Value::Null);
    for id in [1, 2, 1, 1] {
        product(&world.cache, id).await;
    }
    let row = world.row("product").await;
    let counted = [
        "calls",
        "hits",
        "misses",
        "computations",
        "saved",
        "entries",
        "invalidated",
    ];
    let shown = counted.map(|name| row[name].as_u64().expect(name));
    assert_eq!(shown, [4, 2, 2, 2, 2, 2, 0]);
    assert_eq!(row["hit_rate"], 0.5);
    assert_eq!(row["causes"], json!([["absent", 2]]));
    assert!(row["mean_run"].is_number());

    let stats = world.get("api/stats").await;
    assert_eq!(
        (&stats["totals"]["calls"], &stats["totals"]["hits"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(stats["redis_is_up"], Value::Null);
    assert_eq!(stats["processes"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&stats["silent"], &stats["problem"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn an_invalidated_tag_changes_the_row() {
    let world = World::new().await;
    for id in [3, 3, 4] {
        product(&world.cache, id).await;
    }
    let effect = world
        .post("api/invalidate", json!({ "tag": "category:0" }))
        .await;
    assert_eq!(
        (&effect["acknowledged"], &effect["accepted"]),
        (&json!(true), &json!(true))
    );
    for id in [3, 4] {
        product(&world.cache, id).await;
    }
    let row = world.row("product").await;
    assert_eq!(
        (&row["invalidated"], &row["computations"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(row["causes"], json!([["absent", 2], ["tag category:", 1]]));
}

#[tokio::test]
async fn rows_are_bounded() {
    let world = World::new().await;
    for number in 0..510 {
        let region = world.cache.region::<u64>(&format!("r{number}"));
        region.get("k").await;
    }
    user(&world.cache, "a").await;
    user(&world.cache, "a").await;
    let stats = world.get("api/stats").await;
    let rows = stats["functions"].as_array().expect("rows");
    assert_eq!((rows.len(), &stats["left_out"]), (500, &json!(11)));
    assert_eq!(rows[0]["name"], "user");
}
