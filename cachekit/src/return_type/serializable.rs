//! Dispatch on whether a value can be stored in Redis.

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::codec::type_codec::Wire;
use crate::return_type::diagnostics::{NotOwned, NotSerializable};
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A reference. No bytes can be read back as one. serde implements `Deserialize` for references of one
/// lifetime, and the lifetime does not count when an implementation is chosen.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// A return type whose value is a reference.
pub trait UnownedValue<S: ReturnType> {
    /// Returns the marker for that.
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

/// A return type whose value can be kept, and stored in Redis.
pub trait SerializableValue<S: ReturnType> {
    /// Returns its operations, with the codec of the value.
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

/// A return type whose value can be kept, but not stored in Redis.
pub trait UnserializableValue<S: ReturnType> {
    /// Returns the marker for that.
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
