//! The layer between others: in axum's router, in tower's stacks, around and inside of limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body as AxumBody, to_bytes};
use axum::extract::Path;
use axum::response::{Extension, IntoResponse};
use axum::routing::{any, get};
use cachekit::http::{
    CacheControlLayer, CacheHint, Downstream, HttpCacheLayer, Rule, RuleSet, StatusHeader,
};
use http::{Method, Request, Response};
use tokio::time::timeout;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Service, ServiceBuilder, ServiceExt as _};

use crate::bodies::{Body, Broken};
use crate::world::{Handler, SECOND, cache_on, ok, pages, rules};

async fn layer(rule: Rule) -> HttpCacheLayer {
    let cache = cache_on(&cachekit::testing::ManualClock::new()).await;
    HttpCacheLayer::new(&cache, rules(rule).build().expect("valid rules"))
}

/// Sends a request to a router, and returns the word of `X-Cache` and the body.
async fn ask(app: &Router, method: Method, path: &str) -> (Option<String>, String) {
    let asked = Request::builder().method(method).uri(path);
    let asked = asked.body(AxumBody::empty()).expect("a request");
    let response = app.clone().oneshot(asked).await.expect("infallible");
    let word = response.headers().get("x-cache");
    let word = word.map(|word| word.to_str().expect("a text").to_owned());
    let body = to_bytes(response.into_body(), usize::MAX).await;
    let text = String::from_utf8(body.expect("a body").to_vec());
    (word, text.expect("a text"))
}

fn found(word: &str, text: &str) -> (Option<String>, String) {
    (Some(word.to_owned()), text.to_owned())
}

/// A router of products whose answers are counted.
fn router() -> Router {
    let calls = Arc::new(AtomicUsize::new(0));
    let show = move |method: Method, Path(id): Path<String>| async move {
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        format!("{method} {id} {call}")
    };
    Router::new().route("/products/{id}", any(show))
}

async fn assert_caches(app: &Router) {
    let path = "/products/7";
    assert_eq!(ask(app, Method::GET, path).await, found("MISS", "GET 7 1"));
    assert_eq!(ask(app, Method::GET, path).await, found("HIT", "GET 7 1"));
    assert_eq!(
        ask(app, Method::PUT, path).await,
        found("BYPASS", "PUT 7 2")
    );
    assert_eq!(ask(app, Method::GET, path).await, found("MISS", "GET 7 3"));
}

fn product() -> Rule {
    Rule::get("/products/{id}").ttl(60 * SECOND)
}

#[tokio::test]
async fn around_a_router() {
    assert_caches(&router().layer(layer(product()).await)).await;
}

#[tokio::test]
async fn around_the_routes_of_a_router() {
    let app = router().route_layer(layer(product()).await);
    assert_caches(&app).await;
    assert_eq!(
        ask(&app, Method::GET, "/none").await.0,
        None,
        "there is no such route"
    );
}

#[tokio::test]
async fn around_one_route() {
    let route = get(|| async { "text" }).layer(layer(pages()).await);
    let app = Router::new().route("/a", route);
    assert_eq!(ask(&app, Method::GET, "/a").await, found("MISS", "text"));
    assert_eq!(ask(&app, Method::GET, "/a").await, found("HIT", "text"));
}

#[tokio::test]
async fn in_a_stack_of_layers_of_a_router() {
    let stack = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(10))
        .layer(CacheControlLayer::private())
        .layer(layer(product()).await)
        .layer(ConcurrencyLimitLayer::new(10));
    assert_caches(&router().layer(stack)).await;
}

#[tokio::test]
async fn a_handler_of_a_router_gives_hints() {
    let show = || async { (Extension(CacheHint::no_store()), "text").into_response() };
    let app = Router::new()
        .route("/a", get(show))
        .layer(layer(pages()).await);
    for _ in 0..2 {
        assert_eq!(ask(&app, Method::GET, "/a").await, found("MISS", "text"));
    }
}

/// A handler that gives way to others, and counts those who are in it at once.
fn slow(most: &Arc<AtomicUsize>) -> Handler {
    let (most, inside) = (Arc::clone(most), Arc::new(AtomicUsize::new(0)));
    Handler::new(move |request: Request<()>| {
        let (most, inside) = (Arc::clone(&most), Arc::clone(&inside));
        async move {
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            let path = request.uri().path();
            let response = ok(path.to_owned());
            Ok(if path == "/no-store" {
                crate::world::With::with(response, "cache-control", "no-store")
            } else {
                response
            })
        }
    })
}

/// Sends requests for a few paths at once, and returns how many were answered.
async fn crowd<S, B>(service: S) -> usize
where
    S: Service<Request<()>, Response = Response<B>, Error = Broken> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let path = ["/a", "/b", "/no-store", "/c?x=1"][number % 4];
            let asked = Request::get(path).body(()).expect("a request");
            let call = service.clone().oneshot(asked);
            tokio::spawn(async move { timeout(4 * SECOND, call).await })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(matches!(task.await.expect("no panic"), Ok(Ok(_))));
    }
    answered
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_inside_does_not_block() {
    let most = Arc::default();
    let handler = slow(&most);
    let service = ServiceBuilder::new()
        .layer(layer(pages()).await)
        .layer(ConcurrencyLimitLayer::new(1))
        .service(handler.clone());
    for _ in 0..3 {
        assert_eq!(crowd(service.clone()).await, 100);
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
    let cached = handler
        .seen()
        .iter()
        .filter(|it| it.uri().path() != "/no-store")
        .count();
    assert_eq!(cached, 3, "one for each path");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_inside_leaves_room_for_a_refresh() {
    let clock = cachekit::testing::ManualClock::new();
    let cache = cache_on(&clock).await;
    let rules = rules(pages().swr(600 * SECOND))
        .build()
        .expect("valid rules");
    let service = ServiceBuilder::new()
        .layer(HttpCacheLayer::new(&cache, rules))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(slow(&Arc::default()));
    for _ in 0..4 {
        assert_eq!(crowd(service.clone()).await, 100);
        clock.advance(70 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_outside_does_not_block() {
    let service = ServiceBuilder::new()
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(layer(pages()).await)
        .service(slow(&Arc::default()));
    assert_eq!(crowd(service).await, 100);
}

#[tokio::test]
async fn around_another_layer_of_its_kind() {
    let cache = cache_on(&cachekit::testing::ManualClock::new()).await;
    let of = |name: &str| {
        let rules = RuleSet::owned().cache_name(name);
        // Otherwise the inner layer says `no-cache`, and the outer one stores nothing.
        let rule = pages().name(name).downstream(Downstream::Off);
        let rules = rules.status_header(StatusHeader::CacheStatus).rule(rule);
        HttpCacheLayer::new(&cache, rules.build().expect("valid rules"))
    };
    let service = ServiceBuilder::new().layer(of("outer")).layer(of("inner"));
    let service = service.service(Handler::new(crate::world::versions()));
    let ask = || async {
        let asked = Request::get("/a").body(()).expect("a request");
        let response = service.clone().oneshot(asked).await.expect("an answer");
        let all = response.headers().get_all("cache-status").into_iter();
        let all = all.map(|value| value.to_str().expect("a text").to_owned());
        all.collect::<Vec<_>>().join(", ")
    };
    let miss = "inner; fwd=uri-miss; fwd-status=200; stored";
    assert_eq!(
        ask().await,
        format!("{miss}, outer; fwd=uri-miss; fwd-status=200; stored")
    );
    assert_eq!(ask().await, format!("{miss}, outer; hit; ttl=60"));
}

/// Only that the types fit: nothing of the layer asks for `Sync`.
#[tokio::test]
async fn the_service_of_a_body_that_is_not_sync_can_be_sent() {
    fn assert_send<T: Send>(it: T) -> T {
        it
    }
    let service = ServiceBuilder::new().layer(layer(pages()).await);
    let service = assert_send(service.service(Handler::new(crate::world::versions())));
    let asked = Request::get("/a").body(()).expect("a request");
    let response = assert_send(service.oneshot(asked))
        .await
        .expect("an answer");
    let _: cachekit::http::CacheBody<Body> = assert_send(response).into_body();
}
