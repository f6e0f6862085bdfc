//! A tower layer that gives the requests of a server a cache in place of the global cache.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower_layer::Layer;
use tower_service::Service;

use crate::core::state::Cache;
use crate::testing::scope::SCOPED;

/// A tower layer that runs each request in the [`scope`](crate::testing::scope) of one cache.
///
/// A server runs its connections in tasks of its own, to which the scope of a test does not apply.
/// Add this layer outside of all other layers that use the cache: in axum as the last call of
/// `Router::layer`.
///
/// The scope ends with the response of the handler. A body that calls cached functions while it is
/// streamed to the client, and tasks that the handler spawns, use the global cache.
///
/// # Examples
///
/// ```standalone_crate
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::testing::{Recorder, ScopeLayer};
/// use cachekit::{Cache, cached};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// #[cached(key = "served-user:{id}")]
/// async fn get_user(id: u64) -> String {
///     format!("user {id}")
/// }
/// # #[derive(Clone)]
/// # struct Handler;
/// # impl Service<u64> for Handler {
/// #     type Response = String;
/// #     type Error = std::convert::Infallible;
/// #     type Future = std::pin::Pin<Box<dyn Future<Output = Result<String, Self::Error>> + Send>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
/// #         std::task::Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, id: u64) -> Self::Future {
/// #         Box::pin(async move { Ok(get_user(id).await) })
/// #     }
/// # }
///
/// let cache = Cache::builder().build().await?;
/// let seen = Recorder::new(&cache);
/// let mut service = ScopeLayer::new(cache).layer(Handler); // in axum: `router.layer(..)`
/// let served = tokio::spawn(async move { service.call(7).await });
/// assert_eq!(served.await??, "user 7");
/// seen.assert_computed("get_user", 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ScopeLayer {
    cache: Cache,
}

impl ScopeLayer {
    /// Creates a layer that gives each request `cache` in place of the global cache.
    pub fn new(cache: Cache) -> Self {
        Self { cache }
    }
}

impl<S> Layer<S> for ScopeLayer {
    type Service = ScopeService<S>;

    fn layer(&self, inner: S) -> ScopeService<S> {
        ScopeService {
            inner,
            cache: self.cache.clone(),
        }
    }
}

/// A service that runs its inner service in the scope of one cache. [`ScopeLayer`] makes it.
#[derive(Debug, Clone)]
pub struct ScopeService<S> {
    inner: S,
    cache: Cache,
}

impl<S: Service<Q>, Q> Service<Q> for ScopeService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = ScopeFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let (inner, cache) = (&mut self.inner, self.cache.clone());
        SCOPED.sync_scope(cache, || inner.poll_ready(context))
    }

    fn call(&mut self, request: Q) -> ScopeFuture<S::Future> {
        let (inner, cache) = (&mut self.inner, self.cache.clone());
        // The inner service may call cached functions before it returns its future.
        let future = SCOPED.sync_scope(cache.clone(), || inner.call(request));
        ScopeFuture {
            scoped: SCOPED.scope(cache, future),
        }
    }
}

pin_project! {
    /// The future of a [`ScopeService`]. It is as safe to cancel as the inner service's future.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ScopeFuture<F> {
        #[pin]
        scoped: TaskLocalFuture<Cache, F>,
    }
}

impl<F: Future> Future for ScopeFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().scoped.poll(context)
    }
}
