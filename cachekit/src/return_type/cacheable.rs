//! Dispatch on the question whether memory can keep a function's value.

use crate::return_type::diagnostics::NotCacheable;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A return type whose value memory can keep: the value can be cloned and shared by threads.
pub trait CacheableValue<S: ReturnType> {
    /// Returns the `ReturnOps` of the return type, without a codec for Redis.
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

/// A return type whose value memory cannot keep.
pub trait UncacheableValue<S: ReturnType> {
    /// Returns the marker of a value that memory cannot keep. Generated code with that marker does
    /// not compile.
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value>;
}
impl<S: ReturnType> UncacheableValue<S> for ReturnOps<S> {
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value> {
        NotCacheable::new()
    }
}
