//! A cache with a dashboard, and requests to the dashboard without a network.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use cachekit::{Cache, cached};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const TOKEN: &str = "a token of the tests, long enough";

/// A response, with its body as text.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Returns the session of the cookie that the response sets, as a request has it.
    pub(crate) fn cookie(&self) -> &str {
        self.header(SET_COOKIE.as_str())
            .split(';')
            .next()
            .unwrap_or_default()
    }
}

/// A request; it has the token unless a test says otherwise.
pub(crate) struct Ask {
    method: Method,
    path: String,
    fields: Vec<(String, String)>,
    body: String,
}

impl Ask {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            fields: vec![],
            body: String::new(),
        }
        .field("authorization", &format!("Bearer {TOKEN}"))
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self {
            method: Method::POST,
            body: body.to_string(),
            ..Self::get(path)
        }
        .field(CONTENT_TYPE.as_str(), "application/json")
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sets a header field, or removes it if `value` is empty.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn without_token(self) -> Self {
        self.field("authorization", "")
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.without_token().field(COOKIE.as_str(), cookie)
    }

    /// Sends the request to the service.
    pub(crate) async fn of(self, service: &Router) -> Seen {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.fields {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).expect("a request");
        let response = service.clone().oneshot(request).await;
        let (parts, body) = response.expect("infallible").into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        Seen {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("text"),
        }
    }
}

/// A service that nests the dashboard of its cache at `/ops/cache`.
pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) service: Router,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(Cache::builder().build().await.expect("a cache"))
    }

    pub(crate) fn of(cache: Cache) -> Self {
        let dashboard = cachekit::dashboard::router(&cache, TOKEN).expect("a token");
        let service = Router::new().nest("/ops/cache", dashboard);
        Self { cache, service }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let seen = Ask::get(&format!("/ops/cache/{path}"))
            .of(&self.service)
            .await;
        assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
        seen.json()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let seen = Ask::post(&format!("/ops/cache/{path}"), &body)
            .of(&self.service)
            .await;
        assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
        seen.json()
    }

    /// Returns the row of the function `name`.
    pub(crate) async fn row(&self, name: &str) -> Value {
        let stats = self.get("api/stats").await;
        let rows = stats["functions"].as_array().expect("rows").clone();
        let mut rows = rows.into_iter();
        rows.find(|row| row["name"] == name).unwrap_or(Value::Null)
    }

    pub(crate) async fn life(&self, key: &str) -> Value {
        self.post("api/key", json!({ "key": key })).await
    }
}

/// Returns the price of a product, whose category is the rest of its number divided by three.
pub(crate) async fn product(cache: &Cache, id: u64) -> u64 {
    in_category(cache, id % 3, id).await
}

#[cached(
    key = "product:{id}",
    name = "product",
    ttl = 60,
    tags = ["category:{category}"],
    cache = cache,
    skip(cache, category)
)]
async fn in_category(cache: &Cache, category: u64, id: u64) -> u64 {
    let _ = (cache, category);
    id * 100
}

#[cached(key = "user:{name}", name = "user", cache = cache, skip(cache))]
pub(crate) async fn user(cache: &Cache, name: &str) -> usize {
    let _ = cache;
    name.len()
}
