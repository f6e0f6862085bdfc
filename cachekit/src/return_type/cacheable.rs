//! Whether a value can be kept in a cache.

use crate::return_type::diagnostics::Unkept;
use crate::return_type::shape::{Plan, Shape};

/// It can be kept.
pub trait Keepable<S: Shape> {
    /// Its plan.
    fn __cachekit_keep(&self) -> Plan<S>;
}
impl<S: Shape> Keepable<S> for &Plan<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> Plan<S> {
        **self
    }
}

/// It cannot.
pub trait NotKeepable<S: Shape> {
    /// What stands for that.
    fn __cachekit_keep(&self) -> Unkept<S::Value>;
}
impl<S: Shape> NotKeepable<S> for Plan<S> {
    fn __cachekit_keep(&self) -> Unkept<S::Value> {
        Unkept::new()
    }
}
