//! A service behind the layer, on a clock that a test moves, and the answers that clients get.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cachekit::Cache;
use cachekit::http::{CacheBody, HttpCacheLayer, HttpCacheService, Rule, RuleSet, RuleSetBuilder};
use cachekit::http::{RuleStats, StatusHeader};
use cachekit::testing::{ManualClock, scope};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tokio::task::JoinHandle;
use tower::{Layer as _, Service, ServiceExt as _};

use crate::bodies::{Body, Broken, full};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// What a handler returns.
pub(crate) type Answer = Result<Response<Body>, Broken>;

/// Makes a response of a handler.
pub(crate) type MakeResponse = fn() -> Response<Body>;

/// Header fields of a response.
pub(crate) type Fields = &'static [(&'static str, &'static str)];

type Respond = dyn Fn(Request<()>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync;

/// A handler, and the requests that have reached it.
#[derive(Clone)]
pub(crate) struct Handler {
    respond: Arc<Respond>,
    seen: Arc<Mutex<Vec<Request<()>>>>,
}

impl Handler {
    pub(crate) fn new<F>(respond: impl Fn(Request<()>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self {
            respond: Arc::new(move |request| Box::pin(respond(request))),
            seen: Arc::default(),
        }
    }

    /// Returns the requests that have reached the handler.
    pub(crate) fn seen(&self) -> Vec<Request<()>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }

    /// Returns the values of a header field in the last request that has reached the handler.
    pub(crate) fn last(&self, name: &str) -> Vec<String> {
        let last = self.seen().pop().expect("the handler was called");
        values(last.headers(), name)
    }
}

impl Service<Request<()>> for Handler {
    type Response = Response<Body>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(request.clone());
        (self.respond)(request)
    }
}

/// A handler behind the layer.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) cache: Cache,
    pub(crate) clock: ManualClock,
    pub(crate) layer: HttpCacheLayer,
    pub(crate) handler: Handler,
    service: HttpCacheService<Handler>,
}

/// Rules of which every response says how it was answered.
pub(crate) fn rules(rule: Rule) -> RuleSetBuilder {
    RuleSet::owned()
        .status_header(StatusHeader::Both)
        .rule(rule)
}

/// Rules of a shared cache of which every response says how it was answered.
pub(crate) fn shared_rules() -> RuleSetBuilder {
    RuleSet::shared().status_header(StatusHeader::Both)
}

/// A rule for every path, fresh for a minute.
pub(crate) fn pages() -> Rule {
    Rule::get("/{*path}")
        .name("pages")
        .ttl(60 * SECOND)
        .ttl_jitter(0.0)
}

/// A cache in memory on a clock.
pub(crate) async fn cache_on(clock: &ManualClock) -> Cache {
    let builder = cachekit_tests::builder()
        .clock(clock.clone())
        .__seed_random(1);
    builder.build().await.expect("a valid set-up")
}

impl Site {
    pub(crate) async fn new<F>(
        rules: RuleSetBuilder,
        respond: impl Fn(Request<()>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let clock = ManualClock::new();
        let cache = cache_on(&clock).await;
        Self::of(cache, clock, rules, Handler::new(respond))
    }

    pub(crate) fn of(
        cache: Cache,
        clock: ManualClock,
        rules: RuleSetBuilder,
        handler: Handler,
    ) -> Self {
        let layer = HttpCacheLayer::new(&cache, rules.build().expect("valid rules"));
        let service = layer.layer(handler.clone());
        Self {
            cache,
            clock,
            layer,
            handler,
            service,
        }
    }

    /// Sends a request, and returns the response before its body.
    pub(crate) async fn begin(
        &self,
        request: impl Into<Sent>,
    ) -> Result<Response<CacheBody<Body>>, Broken> {
        let call = self.service.clone().oneshot(request.into().0);
        scope(self.cache.clone(), call).await
    }

    /// Sends a request, and returns the whole answer.
    pub(crate) async fn send(&self, request: impl Into<Sent>) -> Got {
        let response = self.begin(request).await;
        Got::of(response.expect("the service does not fail")).await
    }

    /// Sends a request from a task of its own.
    pub(crate) fn spawn(&self, request: impl Into<Sent>) -> JoinHandle<Got> {
        let (site, request) = (self.clone(), request.into());
        tokio::spawn(async move { site.send(request).await })
    }

    pub(crate) fn stats(&self, rule: &str) -> RuleStats {
        let all = self.layer.stats();
        let found = all.into_iter().find(|stats| stats.rule == rule);
        found.expect("a rule of that name")
    }
}

/// A request of a client.
#[derive(Clone)]
pub(crate) struct Sent(Request<()>);

impl From<&str> for Sent {
    /// A `GET` of this path at `example.com`.
    fn from(path: &str) -> Self {
        request("GET", path)
    }
}

/// A request at `example.com`.
pub(crate) fn request(method: &str, path: &str) -> Sent {
    let builder = Request::builder().method(method).uri(path);
    let request = builder.header("host", "example.com").body(());
    Sent(request.expect("a valid request"))
}

pub(crate) fn get(path: &str) -> Sent {
    request("GET", path)
}

impl Sent {
    /// Adds a header field.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a valid value");
        if name == "host" {
            self.0.headers_mut().remove(name);
        }
        self.0
            .headers_mut()
            .append(HeaderName::from_static(name), value);
        self
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
    /// The failure in the midst of the body.
    pub(crate) failure: Option<Broken>,
    pub(crate) extensions: http::Extensions,
}

impl Got {
    pub(crate) async fn of(response: Response<CacheBody<Body>>) -> Self {
        let (parts, mut body) = response.into_parts();
        let mut got = Self {
            status: parts.status.as_u16(),
            fields: parts.headers,
            body: Bytes::new(),
            trailers: None,
            failure: None,
            extensions: parts.extensions,
        };
        let mut whole = vec![];
        while let Some(frame) = body.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => whole.extend_from_slice(&data),
                Ok(Err(frame)) => got.trailers = frame.into_trailers().ok(),
                Err(broken) => {
                    got.failure = Some(broken);
                    break;
                }
            }
        }
        got.body = whole.into();
        got
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text")
    }

    /// Returns the values of a header field, a line each.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        values(&self.fields, name)
    }

    /// Returns the value of a header field that is there once at most.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let mut all = self.all(name);
        assert!(all.len() < 2, "{name}: {all:?}");
        all.pop()
    }

    /// Returns the word of `X-Cache`.
    pub(crate) fn word(&self) -> String {
        self.field("x-cache").expect("X-Cache")
    }

    /// Returns the word of `X-Cache` and the body.
    pub(crate) fn seen(&self) -> (String, String) {
        (self.word(), self.text().to_owned())
    }

    /// Returns `Cache-Status`.
    pub(crate) fn cache_status(&self) -> String {
        self.field("cache-status").expect("Cache-Status")
    }
}

fn values(fields: &HeaderMap, name: &str) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    fields.get_all(name).into_iter().map(text).collect()
}

/// Returns what [`Got::seen`] returns.
pub(crate) fn seen(word: &str, text: &str) -> (String, String) {
    (word.to_owned(), text.to_owned())
}

/// A response with the status 200.
pub(crate) fn ok(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(full(text))
}

/// A response with a status.
pub(crate) fn status(status: u16) -> Response<Body> {
    let mut response = ok(format!("status {status}"));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// Methods that add header fields.
pub(crate) trait With {
    fn with(self, name: &'static str, value: &str) -> Self;
}

impl<B> With for Response<B> {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a valid value");
        self.headers_mut()
            .append(HeaderName::from_static(name), value);
        self
    }
}

/// A handler whose answers are counted, from 1 on.
pub(crate) fn numbered(
    answer: impl Fn(usize) -> Response<Body> + Send + Sync + 'static,
) -> impl Fn(Request<()>) -> std::future::Ready<Answer> + Send + Sync + 'static {
    let calls = AtomicUsize::new(0);
    move |_| std::future::ready(Ok(answer(calls.fetch_add(1, Ordering::SeqCst) + 1)))
}

/// A handler that answers with a count: `v1`, `v2` and so on.
pub(crate) fn versions() -> impl Fn(Request<()>) -> std::future::Ready<Answer> + Send + Sync {
    numbered(|number| ok(format!("v{number}")))
}
