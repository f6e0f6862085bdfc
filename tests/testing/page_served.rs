use axum::body::Body;
use axum::extract::Path;
use axum::{Router, routing::get};
use cachekit::testing::{Recorder, ScopeLayer};
use cachekit::{Cache, cached};
use http::{Request, StatusCode};
use tower::ServiceExt;

#[cached(key = "testing-page:{id}")]
pub async fn page(id: u64) -> String {
    format!("page {id}") // rendered
}

fn router() -> Router {
    Router::new().route("/pages/{id}", get(|Path(id): Path<u64>| page(id)))
}

#[tokio::test]
async fn a_page_is_rendered_once() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder().build().await?;
    let seen = Recorder::new(&cache);
    let router = router().layer(ScopeLayer::new(cache)); // the last layer
    for _ in 0..2 {
        let request = Request::get("/pages/7").body(Body::empty())?;
        // A server handles a request in a task of its own, where no `scope` holds.
        let response = tokio::spawn(router.clone().oneshot(request)).await??;
        assert_eq!(response.status(), StatusCode::OK);
    }
    seen.assert_computed("page", 1);
    Ok(())
}
