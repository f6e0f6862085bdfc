//! Values under keys that the caller names: the cache without macros.

use std::sync::Arc;
use std::time::Duration;

use crate::base::error::ComputeTimeout;
use crate::base::trace;
use crate::core::in_frame::InFrame;
use crate::core::observing::uncached_frame;
use crate::core::state::Cache;
use crate::encoding::codec::cacheable::Cacheable;
use crate::model::entry_options::EntryOptions;
use crate::model::policy::Policy;
use crate::model::tags::EntryTags;
use crate::read::call::{Call, Miss};
use crate::read::compute_detached::compute_detachable;
use crate::read::typed_call::compute;
use crate::return_type::shape::{Fallible, Plain, ReturnOps, ReturnType};

impl Cache {
    /// Returns the value under `key` from memory or Redis, or else runs `compute` and stores its
    /// value.
    ///
    /// Concurrent callers that miss run `compute` once, and share its value (single-flight). If the
    /// key, the tags or the cache are invalidated during the computation, the value is returned but
    /// not stored.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the next waiter computes, with the `compute` of its own call.
    ///
    /// # Panics
    ///
    /// If `compute` panics, the panic reaches the caller of `get_or_compute`, and the next waiter
    /// computes.
    pub async fn get_or_compute<V, F, Fut>(&self, key: &str, policy: &Policy, compute: F) -> V
    where
        V: Cacheable,
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        self.get_or_compute_with(key, policy, ReturnOps::<Plain<V>>::direct, compute)
            .await
    }

    /// Returns the value under `key` from memory or Redis, or else the result of `compute`, like
    /// [`get_or_compute`](Self::get_or_compute). The computation returns a `Result`, and only an
    /// `Ok` is stored.
    ///
    /// # Errors
    ///
    /// Returns the errors of `compute`. An error is neither stored nor shared: after an error the
    /// waiters compute by themselves, a bounded number at a time.
    pub async fn try_get_or_compute<V, E, F, Fut>(
        &self,
        key: &str,
        policy: &Policy,
        compute: F,
    ) -> Result<V, E>
    where
        V: Cacheable,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
    {
        self.get_or_compute_with(key, policy, ReturnOps::<Fallible<V, E>>::direct, compute)
            .await
    }

    /// Returns the value under `key`, or else the result of `compute`, like
    /// [`try_get_or_compute`](Self::try_get_or_compute) with a time limit: a computation that takes
    /// longer than `timeout` is dropped. No call, in this or another process, then waits for the
    /// dropped computation, and the next call computes.
    ///
    /// The time is measured from the start of the computation. A caller that waits for another
    /// call's computation is answered when that computation is dropped.
    ///
    /// # Errors
    ///
    /// Returns the errors of `compute`, and [`ComputeTimeout`] converted into `E`. Without a tokio
    /// runtime the cache has no timer, and the computation has no time limit.
    ///
    /// # Cancel safety
    ///
    /// Cancel safety is that of [`get_or_compute`](Self::get_or_compute). When the time is over,
    /// the future of `compute` is dropped at the `.await` that it has reached.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use std::time::Duration;
    /// use cachekit::{Cache, ComputeTimeout, Policy};
    ///
    /// let cache = Cache::builder().build().await?;
    /// let at_most = Duration::from_millis(20);
    /// let hangs = || std::future::pending::<Result<u64, ComputeTimeout>>();
    /// let price = cache.get_or_compute_within("price:7", &Policy::new(), at_most, hangs).await;
    /// assert_eq!(price.map_err(|error| error.timeout()), Err(at_most));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn get_or_compute_within<V, E, F, Fut>(
        &self,
        key: &str,
        policy: &Policy,
        timeout: Duration,
        compute: F,
    ) -> Result<V, E>
    where
        V: Cacheable,
        E: From<ComputeTimeout>,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, E>>,
    {
        let return_ops = || ReturnOps::<Fallible<V, E>>::direct().with_timeout_error(E::from);
        let mut policy = policy.clone();
        policy.options.timeout = Some(timeout);
        self.get_or_compute_with(key, &policy, return_ops, compute)
            .await
    }

    /// Returns the value under `key`, or else the value of `compute`, like
    /// [`get_or_compute`](Self::get_or_compute). The computation must borrow nothing from its
    /// caller, so that it can run in the background. Therefore this method honours
    /// [`stale`](Policy::stale) (stale-while-revalidate) and
    /// [`soft_timeout`](Policy::soft_timeout), and recomputes early in the background.
    ///
    /// The background needs a tokio runtime. Without a runtime, this method does what
    /// `get_or_compute` does.
    ///
    /// # Cancel safety
    ///
    /// Cancel safety is that of [`get_or_compute`](Self::get_or_compute). A computation in the
    /// background is not dropped with its caller.
    ///
    /// # Panics
    ///
    /// Panics like [`get_or_compute`](Self::get_or_compute). After a panic in the background the
    /// stale value is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use std::time::Duration;
    /// use cachekit::{Cache, Policy};
    ///
    /// let cache = Cache::builder().build().await?;
    /// let policy = Policy::new().ttl(Duration::from_secs(60)).stale(Duration::from_secs(30));
    /// let rate = cache.get_or_refresh("rate:usd", &policy, || async { 1.08_f64 }).await;
    /// # assert_eq!(rate, 1.08);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn get_or_refresh<V, F, Fut>(&self, key: &str, policy: &Policy, compute: F) -> V
    where
        V: Cacheable,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = V> + Send + 'static,
    {
        self.get_or_refresh_with(key, policy, ReturnOps::<Plain<V>>::direct, compute)
            .await
    }

    /// Returns the value under `key`, or else the result of `compute`, like
    /// [`get_or_refresh`](Self::get_or_refresh). The computation returns a `Result`.
    ///
    /// # Errors
    ///
    /// Returns the errors of `compute`, unless a stale value may be served instead.
    pub async fn try_get_or_refresh<V, E, F, Fut>(
        &self,
        key: &str,
        policy: &Policy,
        compute: F,
    ) -> Result<V, E>
    where
        V: Cacheable,
        E: Send + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        self.get_or_refresh_with(key, policy, ReturnOps::<Fallible<V, E>>::direct, compute)
            .await
    }

    async fn get_or_compute_with<S, P, F, Fut>(
        &self,
        key: &str,
        policy: &Policy,
        return_ops: P,
        body: F,
    ) -> S::Ret
    where
        S: ReturnType,
        S::Value: Cacheable,
        P: Fn() -> ReturnOps<S>,
        F: FnOnce() -> Fut,
        Fut: Future<Output = S::Ret>,
    {
        match self.try_hit(&return_ops, key, policy) {
            MemoryLookup::Hit(ret) => ret,
            MemoryLookup::Bypassed => InFrame::new(uncached_frame(), body()).await,
            MemoryLookup::Miss(call) => {
                let entry_tags = EntryTags::from(policy);
                let body = async move { body().await };
                compute(Miss(Some(call)), return_ops, entry_tags, |_, _| {}, body).await
            }
        }
    }

    async fn get_or_refresh_with<S, P, F, Fut>(
        &self,
        key: &str,
        policy: &Policy,
        return_ops: P,
        body: F,
    ) -> S::Ret
    where
        S: ReturnType + 'static,
        P: Fn() -> ReturnOps<S> + Send + 'static,
        S::Ret: Send + 'static,
        S::Value: Cacheable,
        S::Error: Send + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = S::Ret> + Send + 'static,
    {
        match self.try_hit(&return_ops, key, policy) {
            MemoryLookup::Hit(ret) => ret,
            MemoryLookup::Bypassed => InFrame::new(uncached_frame(), body()).await,
            MemoryLookup::Miss(call) => {
                let entry_tags = EntryTags::from(policy);
                let unchanged = |task| task;
                Box::pin(compute_detachable(
                    call,
                    return_ops,
                    entry_tags,
                    |_, _| {},
                    async move { body().await },
                    unchanged,
                ))
                .await
            }
        }
    }

    fn try_hit<S>(
        &self,
        return_ops: impl Fn() -> ReturnOps<S>,
        key: &str,
        policy: &Policy,
    ) -> MemoryLookup<S::Ret>
    where
        S: ReturnType,
        S::Value: Cacheable,
    {
        let owner = self.core.direct_owner();
        if !self.core.config.enabled {
            self.core.note_bypass(&owner);
            return MemoryLookup::Bypassed;
        }
        match self
            .core
            .hit_direct(return_ops, key.as_bytes(), owner.id, &self.core.direct)
        {
            Ok(ret) => MemoryLookup::Hit(ret),
            Err(None) => {
                self.core.note_bypass(&owner);
                MemoryLookup::Bypassed
            }
            Err(Some(missed)) => {
                let core = Arc::clone(&self.core);
                let options = EntryOptions::from(policy);
                if options.leaves_replicas_out() {
                    trace::replicas_ignored();
                }
                let call = Call::after_miss(core, owner, missed, options, self.core.surroundings());
                MemoryLookup::Miss(Box::new(call))
            }
        }
    }
}

/// The result of a look-up in memory, before the call continues with L2 or a computation.
enum MemoryLookup<R> {
    Hit(R),
    Miss(Box<Call>),
    /// The call bypasses the cache: the cache is turned off, or the call is inside of `deferred`.
    Bypassed,
}
