//! Whether a value can cross to Redis.

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::codec::type_codec::Wire;
use crate::return_type::diagnostics::{Lent, Unstored};
use crate::return_type::shape::{ReturnOps, ReturnType};

/// What no bytes can be read back as, though serde has an implementation for one lifetime,
/// and which one it is does not count when an implementation is chosen.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// It is a reference.
pub trait NotOwned<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_keep(&self) -> Lent<S::Value>;
}
impl<S: ReturnType> NotOwned<S> for &&&ReturnOps<S>
where
    S::Value: Reference,
{
    fn __cachekit_keep(&self) -> Lent<S::Value> {
        Lent::new()
    }
}

/// It can be kept, and stored in Redis.
pub trait Storable<S: ReturnType> {
    /// Its plan.
    fn __cachekit_keep(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> Storable<S> for &&ReturnOps<S>
where
    S::Value: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    fn __cachekit_keep(&self) -> ReturnOps<S> {
        ReturnOps {
            wire: Some(Wire::serde::<S::Value>()),
            ..***self
        }
    }
}

/// It can be kept, but not stored there.
pub trait NotStorable<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_keep(&self) -> Unstored<S::Value>;
}
impl<S: ReturnType> NotStorable<S> for &ReturnOps<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> Unstored<S::Value> {
        Unstored::new()
    }
}
