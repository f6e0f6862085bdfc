//! Sends requests to the handlers, without a network.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum_web::{c15, c36, c40};
use tower::ServiceExt as _;
use uuid::Uuid;

async fn send(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = router.clone().oneshot(request).await.expect("infallible");
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 16)
        .await
        .expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn a_user_by_object_and_by_type() {
    let repo = c15::InMemoryUserRepo::default();
    let router = c15::router(repo.clone());
    let [ann, bob] = [1, 2].map(Uuid::from_u128);
    let users = [(ann, "Ann"), (bob, "Bob")].map(|(id, name)| {
        let name = name.to_owned();
        (id, c15::User { id, name })
    });
    repo.users.lock().expect("not poisoned").extend(users);
    for kind in ["dyn", "generic"] {
        let (ann, bob) = (
            format!("/{kind}/users/{ann}"),
            format!("/{kind}/users/{bob}"),
        );
        let (status, first) = send(&router, get(&ann)).await;
        assert!(status == StatusCode::OK && first.contains("Ann"), "{first}");
        let (_, other) = send(&router, get(&bob)).await;
        assert!(other.contains("Bob"), "{other}");
    }
    repo.users.lock().expect("not poisoned").clear();
    for kind in ["dyn", "generic"] {
        let (status, kept) = send(&router, get(&format!("/{kind}/users/{ann}"))).await;
        assert!(status == StatusCode::OK && kept.contains("Ann"), "{kept}");
        let nobody = format!("/{kind}/users/{}", Uuid::from_u128(3));
        let (status, _) = send(&router, get(&nobody)).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_search() {
    let full = c36::router(c36::AppState {
        index: Arc::new(vec!["one fish".to_owned(), "two fish".to_owned()]),
    });
    let empty = c36::router(c36::AppState {
        index: Arc::default(),
    });
    let ask = |words: &str, limit: u32| {
        Request::post("/search")
            .header("content-type", "application/json")
            .body(Body::from(format!(
                r#"{{"words":"{words}","limit":{limit}}}"#
            )))
            .expect("a request")
    };
    let (_, hits) = send(&full, ask("fish", 10)).await;
    assert_eq!(hits.matches("text").count(), 2);
    let (_, kept) = send(&empty, ask("fish", 10)).await;
    assert_eq!(kept, hits);
    let (_, fewer) = send(&full, ask("fish", 1)).await;
    assert_eq!(fewer.matches("text").count(), 1);
    let (status, _) = send(&full, ask("", 1)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_document_for_each_user() {
    let router = c40::router();
    for user in ["1", "2", "1"] {
        let mut request = get("/docs/7");
        let header = user.parse().expect("a header");
        request.headers_mut().insert("x-user", header);
        let (status, text) = send(&router, request).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(text, format!("document 7 for user {user}"));
    }
    assert_eq!(c40::show_doc::stats().misses, 2);
    let (status, _) = send(&router, get("/docs/7")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
