//! The scope of a test in the requests that a server serves in tasks of its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::routing::get;
use cachekit::testing::{Recorder, ScopeLayer, scope};
use cachekit::{Cache, cached};
use http::Request;
use tower::{Layer as _, Service, ServiceExt as _};

#[cached(name = "served::user", key = "served-user:{id}")]
async fn user(id: u64) -> String {
    format!("user {id}")
}

fn app() -> Router {
    Router::new().route("/users/{id}", get(|Path(id): Path<u64>| user(id)))
}

/// Serves one request as a server does: in a task of its own.
async fn served(app: Router, id: u64) -> String {
    let request = Request::get(format!("/users/{id}")).body(Body::empty());
    let request = request.expect("a request");
    let task = tokio::spawn(app.oneshot(request));
    let response = task.await.expect("it ends").expect("infallible");
    let body = to_bytes(response.into_body(), usize::MAX).await;
    String::from_utf8(body.expect("a body").to_vec()).expect("a text")
}

async fn recorded() -> (Cache, Recorder) {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let seen = Recorder::new(&cache);
    (cache, seen)
}

#[tokio::test]
async fn a_served_request_uses_the_cache_of_the_layer() {
    let (cache, seen) = recorded().await;
    let app = app().layer(ScopeLayer::new(cache));
    assert_eq!(served(app.clone(), 7).await, "user 7");
    assert_eq!(served(app, 7).await, "user 7");
    seen.assert_computed("served::user", 1);
    assert_eq!(seen.function("served::user").memory_hits, 1);
}

/// What the layer is there for.
#[tokio::test]
async fn without_the_layer_a_served_request_leaves_the_scope_of_the_test() {
    let (cache, seen) = recorded().await;
    scope(cache, served(app(), 8)).await;
    seen.assert_computed("served::user", 0);
}

#[tokio::test]
async fn two_servers_with_layers_of_their_own_share_nothing() {
    let ((one, seen), (other, seen_by_other)) = (recorded().await, recorded().await);
    served(app().layer(ScopeLayer::new(one)), 9).await;
    served(app().layer(ScopeLayer::new(other)), 9).await;
    seen.assert_computed("served::user", 1);
    seen_by_other.assert_computed("served::user", 1);
}

/// A service that asks for the global cache before it is called, and before it returns its future.
#[derive(Clone)]
struct Early(Vec<usize>);

fn cache_now() -> usize {
    let functions = cachekit::global().stats().functions;
    functions
        .iter()
        .filter(|it| it.name == "served::user")
        .count()
}

impl Service<()> for Early {
    type Response = Vec<usize>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Vec<usize>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.push(cache_now());
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        self.0.push(cache_now());
        let mut seen = self.0.clone();
        Box::pin(async move {
            seen.push(cache_now());
            Ok(seen)
        })
    }
}

#[tokio::test]
async fn the_scope_holds_in_each_step_of_a_service() {
    let (cache, _) = recorded().await;
    scope(cache.clone(), user(1)).await;
    let service = ScopeLayer::new(cache).layer(Early(Vec::new()));
    let task = tokio::spawn(service.oneshot(()));
    let seen = task.await.expect("it ends").expect("infallible");
    // The global cache of another test may know the function by then, but not under two names.
    assert_eq!(seen, [1, 1, 1]);
}
