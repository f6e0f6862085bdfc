//! Tests of the service, each with a cache and a database of its own.

use std::error::Error;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use cachekit::Cache;
use cachekit::testing::{FakeRedis, Recorder, ScopeLayer, scope};
use tower::ServiceExt;

use super::service::{open, product, router, set_price};

/// A database in a folder that ends with the test.
async fn database() -> Result<(tempfile::TempDir, sqlx::SqlitePool), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.sqlite");
    let db = open(file.to_str().ok_or("a path that is text")?).await?;
    Ok((folder, db))
}

#[tokio::test]
async fn a_product_is_read_once() -> Result<(), Box<dyn Error>> {
    let (_folder, db) = database().await?;
    let cache = Cache::builder().build().await?;
    let seen = Recorder::new(&cache);
    scope(cache, async {
        product(&db, 7).await?;
        product(&db, 7).await?;
        seen.assert_computed("product", 1);
        Ok(())
    })
    .await
}

async fn send(service: &Router, request: Request<Body>) -> Result<String, Box<dyn Error>> {
    let response = service.clone().oneshot(request).await?;
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    Ok(String::from_utf8(body.to_vec())?)
}

#[tokio::test]
async fn a_new_price_is_seen_in_the_other_instance() -> Result<(), Box<dyn Error>> {
    let (_folder, db) = database().await?;
    let redis = FakeRedis::new();
    let first = Cache::builder().fake_redis(&redis).build().await?;
    let second = Cache::builder().fake_redis(&redis).build().await?;
    let service = router(db.clone()).layer(ScopeLayer::new(second));
    let read = || Request::get("/products/7").body(Body::empty());

    let before = send(&service, read()?).await?;
    assert_eq!(before, r#"{"id":7,"name":"Teapot","cents":1200}"#);
    scope(first, set_price(&db, 7, 1_300)).await?;
    let mut after = send(&service, read()?).await?;
    // The message takes a moment to arrive.
    while after == before {
        tokio::task::yield_now().await;
        after = send(&service, read()?).await?;
    }
    assert_eq!(after, r#"{"id":7,"name":"Teapot","cents":1300}"#);
    Ok(())
}
