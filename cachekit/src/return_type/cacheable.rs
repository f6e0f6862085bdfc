//! Whether a value can be kept in a cache.

use crate::return_type::diagnostics::Unkept;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// It can be kept.
pub trait Keepable<S: ReturnType> {
    /// Its plan.
    fn __cachekit_keep(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> Keepable<S> for &ReturnOps<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> ReturnOps<S> {
        **self
    }
}

/// It cannot.
pub trait NotKeepable<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_keep(&self) -> Unkept<S::Value>;
}
impl<S: ReturnType> NotKeepable<S> for ReturnOps<S> {
    fn __cachekit_keep(&self) -> Unkept<S::Value> {
        Unkept::new()
    }
}
