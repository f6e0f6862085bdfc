//! A layer that sets `Cache-Control` and `Vary`, for services that leave caching to browsers and
//! CDNs.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// A layer that sets `Cache-Control` on responses that have none, and adds fields to their `Vary`.
/// The layer stores nothing: browsers and CDNs store the responses.
///
/// Responses with a status from 400 on are left as they are, unless the layer says
/// [`no_store`](Self::no_store).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use cachekit::http::CacheControlLayer;
///
/// let assets = CacheControlLayer::public()
///     .max_age(Duration::from_secs(31_536_000))
///     .immutable();
/// assert_eq!(assets.value(), "public, max-age=31536000, immutable");
///
/// let pages = CacheControlLayer::public()
///     .max_age(Duration::from_secs(5))
///     .s_maxage(Duration::from_secs(60))
///     .stale_while_revalidate(Duration::from_secs(30))
///     .vary(http::header::ACCEPT_LANGUAGE);
/// assert_eq!(pages.value(), "public, max-age=5, s-maxage=60, stale-while-revalidate=30");
/// ```
#[derive(Debug, Clone)]
pub struct CacheControlLayer {
    value: String,
    is_no_store: bool,
    vary: Vec<HeaderName>,
}

impl CacheControlLayer {
    /// Creates a layer that allows every cache to store responses.
    pub fn public() -> Self {
        Self::of("public")
    }

    /// Creates a layer that allows only the client's own cache to store responses.
    pub fn private() -> Self {
        Self::of("private")
    }

    /// Creates a layer that forbids every cache to store responses, including errors.
    pub fn no_store() -> Self {
        Self {
            is_no_store: true,
            ..Self::of("no-store")
        }
    }

    fn of(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            is_no_store: false,
            vary: Vec::new(),
        }
    }

    /// Sets the time for which a response is fresh, in whole seconds.
    pub fn max_age(self, length: Duration) -> Self {
        self.seconds("max-age", length)
    }

    /// Sets the time for which a response is fresh in shared caches, in whole seconds.
    pub fn s_maxage(self, length: Duration) -> Self {
        self.seconds("s-maxage", length)
    }

    /// Sets the time for which a stale response is served while it is fetched anew, in whole
    /// seconds (RFC 5861).
    pub fn stale_while_revalidate(self, length: Duration) -> Self {
        self.seconds("stale-while-revalidate", length)
    }

    /// Sets the time for which a stale response is served if the service fails, in whole seconds
    /// (RFC 5861).
    pub fn stale_if_error(self, length: Duration) -> Self {
        self.seconds("stale-if-error", length)
    }

    /// Says that a response never changes while it is fresh (RFC 8246).
    pub fn immutable(self) -> Self {
        self.directive("immutable")
    }

    /// Adds a header field of requests by which responses vary.
    pub fn vary(mut self, name: HeaderName) -> Self {
        self.vary.push(name);
        self
    }

    /// Returns the value of `Cache-Control` that the layer sets.
    pub fn value(&self) -> &str {
        &self.value
    }

    fn seconds(self, name: &str, length: Duration) -> Self {
        self.directive(&format!("{name}={}", length.as_secs()))
    }

    fn directive(mut self, directive: &str) -> Self {
        // With `no-store`, directives about freshness have no meaning.
        if !self.is_no_store {
            self.value.push_str(", ");
            self.value.push_str(directive);
        }
        self
    }
}

impl<S> Layer<S> for CacheControlLayer {
    type Service = CacheControlService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CacheControlService {
            inner,
            fields: Fields {
                value: HeaderValue::from_str(&self.value).ok(),
                is_no_store: self.is_no_store,
                vary: self.vary.iter().cloned().map(HeaderValue::from).collect(),
            },
        }
    }
}

/// A service whose responses get `Cache-Control` and `Vary` by a [`CacheControlLayer`].
#[derive(Debug, Clone)]
pub struct CacheControlService<S> {
    inner: S,
    fields: Fields,
}

#[derive(Debug, Clone)]
struct Fields {
    value: Option<HeaderValue>,
    is_no_store: bool,
    vary: Vec<HeaderValue>,
}

impl Fields {
    fn set<B>(&self, response: &mut Response<B>) {
        let is_error = response.status().as_u16() >= 400;
        if is_error && !self.is_no_store {
            return;
        }
        let headers = response.headers_mut();
        if let Some(value) = &self.value
            && !headers.contains_key(CACHE_CONTROL)
        {
            headers.insert(CACHE_CONTROL, value.clone());
        }
        for name in &self.vary {
            headers.append(VARY, name.clone());
        }
    }
}

impl<S, Q, B> Service<Request<Q>> for CacheControlService<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = CacheControlFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        CacheControlFuture {
            inner: self.inner.call(request),
            fields: self.fields.clone(),
        }
    }
}

pin_project! {
    /// The future of a [`CacheControlService`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct CacheControlFuture<F> {
        #[pin]
        inner: F,
        fields: Fields,
    }
}

impl<F, B, E> Future for CacheControlFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(context));
        if let Ok(response) = &mut response {
            this.fields.set(response);
        }
        Poll::Ready(response)
    }
}
