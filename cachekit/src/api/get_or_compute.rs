//! Computing under a key that the caller names: the cache without macros.

use std::sync::Arc;
use std::time::Duration;

use crate::base::error::ComputeTimeout;
use crate::base::trace;
use crate::core::state::Cache;
use crate::encoding::codec::cacheable::Cacheable;
use crate::model::entry_options::EntryOptions;
use crate::model::policy::Policy;
use crate::model::tags::EntryTags;
use crate::read::call::Call;
use crate::read::compute_detached::compute_detachable;
use crate::read::typed_call::compute;
use crate::return_type::shape::{Fallible, Plain, ReturnOps, ReturnType};

impl Cache {
    /// The value under `key`, else what `compute` gives, which is then stored.
    ///
    /// Of callers that miss at the same time one computes; the others get its value. A
    /// value whose key, tags or cache was invalidated while it was computed is returned
    /// but not stored.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future hands the computation to the next waiter, with its own `compute`.
    ///
    /// # Panics
    ///
    /// If `compute` panics, the panic is the caller's; waiters go on as after a
    /// cancellation.
    pub async fn get_or_compute<V, F, Fut>(&self, key: &str, policy: &Policy, compute: F) -> V
    where
        V: Cacheable,
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        self.get_or_compute_with(key, policy, ReturnOps::<Plain<V>>::direct, compute)
            .await
    }

    /// [`get_or_compute`](Self::get_or_compute) for a computation that can fail.
    ///
    /// # Errors
    ///
    /// Those of `compute`. They are never stored, and not shared: after an error the
    /// waiters try by themselves, a bounded number at a time.
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

    /// [`try_get_or_compute`](Self::try_get_or_compute), where a computation that takes
    /// longer than `timeout` is dropped: nobody waits for it any more, here or in another
    /// process, and the next call computes.
    ///
    /// The time runs from where the computation begins. A caller that waits for another's
    /// computation is answered when that one is dropped.
    ///
    /// # Errors
    ///
    /// Those of `compute`, and [`ComputeTimeout`] as `E` makes one of it. Without a tokio
    /// runtime there is no timer, and the computation may take as long as it likes.
    ///
    /// # Cancel safety
    ///
    /// As for [`get_or_compute`](Self::get_or_compute). When the time is up the future of
    /// `compute` is dropped, at whichever `.await` it is.
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

    /// [`get_or_compute`](Self::get_or_compute) for a computation that needs nothing of its
    /// caller: it honours [`stale`](Policy::stale) and [`soft_timeout`](Policy::soft_timeout),
    /// and computes early in the background.
    ///
    /// Needs a tokio runtime for that; without one it is `get_or_compute`.
    ///
    /// # Cancel safety
    ///
    /// As of [`get_or_compute`](Self::get_or_compute); what goes on in the background is not
    /// dropped with the caller.
    ///
    /// # Panics
    ///
    /// As of [`get_or_compute`](Self::get_or_compute). A panic in the background keeps the old
    /// value.
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

    /// [`get_or_refresh`](Self::get_or_refresh) for a computation that can fail.
    ///
    /// # Errors
    ///
    /// Those of `compute`, where no old value may be served in their place.
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
            MemoryLookup::Bypassed => body().await,
            MemoryLookup::Miss(call) => {
                let entry_tags = EntryTags::from(policy);
                let body = async move { body().await };
                compute(Some(call), return_ops, entry_tags, |_, _| {}, body).await
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
            MemoryLookup::Bypassed => body().await,
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
            owner.counts.bypassed.bump();
            return MemoryLookup::Bypassed;
        }
        match self
            .core
            .hit_direct(return_ops, key.as_bytes(), owner.id, &self.core.direct)
        {
            Ok(ret) => MemoryLookup::Hit(ret),
            Err(missed) => {
                let core = Arc::clone(&self.core);
                let options = EntryOptions::from(policy);
                if options.leaves_replicas_out() {
                    trace::replicas_ignored();
                }
                let call = Call::after_miss(core, owner, missed, options);
                MemoryLookup::Miss(Box::new(call))
            }
        }
    }
}

/// What a look into memory gave.
enum MemoryLookup<R> {
    Hit(R),
    Miss(Box<Call>),
    /// The cache is off.
    Bypassed,
}
