//! Whether a value can be kept in a cache.

use crate::return_type::diagnostics::NotCacheable;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// It can be kept.
pub trait CacheableValue<S: ReturnType> {
    /// Its plan.
    fn __cachekit_cacheable(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> CacheableValue<S> for &ReturnOps<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_cacheable(&self) -> ReturnOps<S> {
        **self
    }
}

/// It cannot.
pub trait UncacheableValue<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value>;
}
impl<S: ReturnType> UncacheableValue<S> for ReturnOps<S> {
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value> {
        NotCacheable::new()
    }
}
