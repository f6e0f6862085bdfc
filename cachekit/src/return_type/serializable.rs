//! Whether a value can cross to Redis.

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::codec::type_codec::Wire;
use crate::return_type::diagnostics::{NotOwned, NotSerializable};
use crate::return_type::shape::{ReturnOps, ReturnType};

/// What no bytes can be read back as, though serde has an implementation for one lifetime,
/// and which one it is does not count when an implementation is chosen.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// It is a reference.
pub trait UnownedValue<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_cacheable(&self) -> NotOwned<S::Value>;
}
impl<S: ReturnType> UnownedValue<S> for &&&ReturnOps<S>
where
    S::Value: Reference,
{
    fn __cachekit_cacheable(&self) -> NotOwned<S::Value> {
        NotOwned::new()
    }
}

/// It can be kept, and stored in Redis.
pub trait SerializableValue<S: ReturnType> {
    /// Its plan.
    fn __cachekit_cacheable(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> SerializableValue<S> for &&ReturnOps<S>
where
    S::Value: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    fn __cachekit_cacheable(&self) -> ReturnOps<S> {
        ReturnOps {
            wire: Some(Wire::serde::<S::Value>()),
            ..***self
        }
    }
}

/// It can be kept, but not stored there.
pub trait UnserializableValue<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_cacheable(&self) -> NotSerializable<S::Value>;
}
impl<S: ReturnType> UnserializableValue<S> for &ReturnOps<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_cacheable(&self) -> NotSerializable<S::Value> {
        NotSerializable::new()
    }
}
