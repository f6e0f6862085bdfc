//! Property test for the fuzzer: arbitrary requests and responses go through the HTTP layer.
//!
//! An input is text: the mode, a request, the handler's response, and a second request, with an
//! empty line after each. What may not be stored is judged here by rules that are simpler than the
//! layer's, and that read the header fields themselves.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cachekit::Cache;
use cachekit::http::{CacheBody, HttpCacheLayer, Rule, RuleSet};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use tower_layer::Layer;
use tower_service::Service;

/// Sends the two requests of `bytes` through the layer, and checks the second response.
///
/// # Panics
///
/// Panics if the second request is answered with a response that must not be stored, or that is not
/// for that request.
pub fn exchange_anything(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(input.run());
}

/// The parts of an input.
struct Input {
    is_owned: bool,
    first: Request<()>,
    handler: Handler,
    second: Request<()>,
}

impl Input {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii_end);
        let is_owned = lines.next()? == b"owned";
        let first = request(&mut lines)?;
        let status = std::str::from_utf8(lines.next()?)
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let handler = Handler {
            status: StatusCode::from_u16(status).ok()?,
            headers: headers(&mut lines),
            calls: Arc::default(),
        };
        let second = request(&mut lines)?;
        Some(Self {
            is_owned,
            first,
            handler,
            second,
        })
    }

    async fn run(self) {
        let rules = if self.is_owned {
            let rule = Rule::get("/{*rest}").ttl(Duration::from_secs(60));
            RuleSet::owned().rule(rule).build()
        } else {
            RuleSet::shared().heuristics(true).build()
        };
        let (Ok(rules), Ok(cache)) = (rules, Cache::builder().build().await) else {
            unreachable!("both are always right");
        };
        let mut service = HttpCacheLayer::new(&cache, rules).layer(self.handler.clone());
        let first = read(service.call(self.first.clone()).await).await;
        let before = self.handler.calls.load(Ordering::SeqCst);
        let second = read(service.call(self.second.clone()).await).await;
        let is_from_cache = self.handler.calls.load(Ordering::SeqCst) == before;
        let is_made_by_the_cache = second.status() == StatusCode::GATEWAY_TIMEOUT;
        if is_from_cache && !is_made_by_the_cache {
            self.check(&first, &second);
        }
    }

    /// Checks that the response to the first request may answer the second.
    fn check(&self, first: &Response<()>, second: &Response<()>) {
        let handler = &self.handler;
        assert_eq!(
            *self.first.method(),
            Method::GET,
            "stored after another method"
        );
        assert!(self.second.method().is_safe(), "a write was answered");
        let status = handler.status.as_u16();
        assert!(
            !matches!(status, ..200 | 206 | 304),
            "stored with status {status}"
        );
        let control = words(&handler.headers, "cache-control");
        let has = |word: &str| control.iter().any(|own| own == word);
        let is_plain = !control.iter().any(|word| word.contains(['"', '=']));
        let may_override =
            has("must-understand") || handler.headers.contains_key("cdn-cache-control");
        assert!(
            !(is_plain && has("no-store") && !may_override),
            "no-store was stored"
        );
        assert!(
            !(is_plain && has("private") && !may_override),
            "private was stored"
        );
        let vary = words(&handler.headers, "vary");
        assert!(!vary.iter().any(|name| name == "*"), "vary: * was stored");
        assert!(
            !handler.headers.contains_key("set-cookie"),
            "set-cookie was stored"
        );
        assert!(
            !second.headers().contains_key("set-cookie"),
            "a cookie was replayed"
        );
        assert!(
            !second.headers().contains_key("keep-alive"),
            "of one connection"
        );
        if self.is_owned {
            for name in ["authorization", "cookie"] {
                let has = |request: &Request<()>| request.headers().contains_key(name);
                assert!(
                    !has(&self.first) && !has(&self.second),
                    "{name} in owned mode"
                );
            }
            assert!(status < 500, "stored with status {status}");
        }
        assert_eq!(
            self.first.uri().path(),
            self.second.uri().path(),
            "of another path"
        );
        for name in vary {
            let of = |request: &Request<()>| request.headers().contains_key(name.as_str());
            assert_eq!(of(&self.first), of(&self.second), "another {name}");
        }
        let _ = first;
    }
}

fn request<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> Option<Request<()>> {
    let line = lines.next()?;
    let space = line.iter().position(|byte| *byte == b' ')?;
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(&line[..space]).ok()?;
    *request.uri_mut() = http::Uri::try_from(&line[space + 1..]).ok()?;
    *request.headers_mut() = headers(lines);
    Some(request)
}

/// Returns the fields up to an empty line. Lines that are no fields are left out.
fn headers<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(line[..colon].trim_ascii());
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Returns the members of a list field, in lower case.
fn words(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).into_iter();
    let text = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase());
    let text: Vec<String> = text.collect();
    let members = text.iter().flat_map(|line| line.split(','));
    members.map(|member| member.trim().to_owned()).collect()
}

/// Reads the body to its end.
async fn read(response: Result<Response<CacheBody<Whole>>, Infallible>) -> Response<()> {
    let Ok(response) = response;
    let (parts, body) = response.into_parts();
    let mut body = std::pin::pin!(body);
    while let Some(Ok(_)) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await
    {
    }
    Response::from_parts(parts, ())
}

/// A handler that gives the same response each time.
#[derive(Clone)]
struct Handler {
    status: StatusCode,
    headers: HeaderMap,
    calls: Arc<AtomicUsize>,
}

impl Service<Request<()>> for Handler {
    type Response = Response<Whole>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Whole>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new(Whole(Some(Bytes::from_static(b"body"))));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        std::future::ready(Ok(response))
    }
}

/// A body of one frame.
struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }
}
