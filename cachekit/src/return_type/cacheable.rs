//! The compile-time choice between a function's value that memory can keep, and one that it cannot.

use crate::return_type::diagnostics::NotCacheable;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A return type whose value memory can keep, because the value can be cloned and shared by
/// threads.
pub trait CacheableValue<S: ReturnType> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type, without those that
    /// encode and decode values for Redis.
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

/// A return type whose value memory cannot keep, because the value cannot be cloned or shared by
/// threads.
pub trait UncacheableValue<S: ReturnType> {
    /// Returns a stand-in for a value that memory cannot keep. Generated code with the stand-in
    /// does not compile.
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value>;
}
impl<S: ReturnType> UncacheableValue<S> for ReturnOps<S> {
    fn __cachekit_cacheable(&self) -> NotCacheable<S::Value> {
        NotCacheable::new()
    }
}
