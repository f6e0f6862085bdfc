//! Whether a value can cross to Redis.

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::codec::type_codec::Wire;
use crate::return_type::diagnostics::{Lent, Unstored};
use crate::return_type::shape::{Plan, Shape};

/// What no bytes can be read back as, though serde has an implementation for one lifetime,
/// and which one it is does not count when an implementation is chosen.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// It is a reference.
pub trait NotOwned<S: Shape> {
    /// What stands for that.
    fn __cachekit_keep(&self) -> Lent<S::Value>;
}
impl<S: Shape> NotOwned<S> for &&&Plan<S>
where
    S::Value: Reference,
{
    fn __cachekit_keep(&self) -> Lent<S::Value> {
        Lent::new()
    }
}

/// It can be kept, and stored in Redis.
pub trait Storable<S: Shape> {
    /// Its plan.
    fn __cachekit_keep(&self) -> Plan<S>;
}
impl<S: Shape> Storable<S> for &&Plan<S>
where
    S::Value: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    fn __cachekit_keep(&self) -> Plan<S> {
        Plan {
            wire: Some(Wire::serde::<S::Value>()),
            ..***self
        }
    }
}

/// It can be kept, but not stored there.
pub trait NotStorable<S: Shape> {
    /// What stands for that.
    fn __cachekit_keep(&self) -> Unstored<S::Value>;
}
impl<S: Shape> NotStorable<S> for &Plan<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> Unstored<S::Value> {
        Unstored::new()
    }
}
