//! The layer, and the service that it makes.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::core::state::Cache;
use crate::http::body::CacheBody;
use crate::http::counters::RuleStats;
use crate::http::exchange::{Exchange, HttpCacheFuture};
use crate::http::rules::rule_set::RuleSet;
use crate::http::shared::LayerState;

/// A layer that answers requests from a [`Cache`], as its [`RuleSet`] says.
///
/// Responses are entries like those of cached functions: in memory and in Redis, with the same
/// tags, events, leases and guarantees. A response whose handler calls cached functions depends on
/// them: an invalidation of `user:7` also removes every page that shows the user, without a rule.
///
/// Put the layer inside of authentication and authorisation, because a request that is answered
/// from the cache does not reach the handler. Clones share one state.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::Cache;
/// use cachekit::http::{HttpCacheLayer, Rule, RuleSet};
///
/// let rules = RuleSet::owned()
///     .rule(Rule::get("/products/{id}").ttl(Duration::from_secs(60)).tag("product:{id}"))
///     .build()?;
/// let cache = Cache::builder().build().await?;
/// let layer = HttpCacheLayer::new(&cache, rules);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct HttpCacheLayer {
    shared: Arc<LayerState>,
}

impl HttpCacheLayer {
    /// Creates a layer that stores responses in `cache`, as `rules` say.
    pub fn new(cache: &Cache, rules: RuleSet) -> Self {
        Self {
            shared: Arc::new(LayerState::new(cache, rules)),
        }
    }

    /// Returns the rules of the layer.
    pub fn rules(&self) -> &RuleSet {
        &self.shared.rules
    }

    /// Returns the statistics of each rule, since the layer was made. The last item, with the name
    /// `(none)`, has the requests without a rule.
    pub fn stats(&self) -> Vec<RuleStats> {
        let rules = self.shared.rules.rules().iter();
        let of_rules = rules.map(|rule| self.shared.counters(rule).stats(&rule.name));
        of_rules
            .chain([self.shared.without_rule.stats("(none)")])
            .collect()
    }
}

impl fmt::Debug for HttpCacheLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCacheLayer")
            .field("rules", &self.shared.rules)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for HttpCacheLayer {
    type Service = HttpCacheService<S>;

    fn layer(&self, inner: S) -> HttpCacheService<S> {
        HttpCacheService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// A service that answers requests from a cache, or by its inner service. [`HttpCacheLayer`] makes
/// it.
#[derive(Clone)]
pub struct HttpCacheService<S> {
    inner: S,
    shared: Arc<LayerState>,
}

impl<S: fmt::Debug> fmt::Debug for HttpCacheService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCacheService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<S, Q, B> Service<Request<Q>> for HttpCacheService<S>
where
    S: Service<Request<Q>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Q: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    type Response = Response<CacheBody<B>>;
    type Error = S::Error;
    type Future = HttpCacheFuture<S, Q, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone need not be ready.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        Exchange::new(Arc::clone(&self.shared), ready, request).start()
    }
}
