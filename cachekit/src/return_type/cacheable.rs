//! Dispatch on whether a value can be kept in a cache.

use crate::return_type::diagnostics::NotCacheable;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A return type whose value can be kept.
pub trait CacheableValue<S: ReturnType> {
    /// Returns its operations.
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

/// A return type whose value cannot be kept.
pub trait UncacheableValue<S: ReturnType> {
    /// Returns the marker for that.
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value>;
}
impl<S: ReturnType> UncacheableValue<S> for ReturnOps<S> {
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value> {
        NotCacheable::new()
    }
}
