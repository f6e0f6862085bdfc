//! Dispatch on the question whether a value can be stored in Redis.

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::codec::type_codec::Wire;
use crate::return_type::diagnostics::{NotOwned, NotSerializable};
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A value that is a reference, which cannot be read back from bytes. This trait is needed because
/// serde implements `Deserialize` for references of one lifetime, and the compiler chooses an
/// implementation without regard to lifetimes.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// A return type whose value is a reference, which cannot be read back from Redis.
pub trait UnownedValue<S: ReturnType> {
    /// Returns the marker of a value that is a reference. Generated code with that marker does not
    /// compile.
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

/// A return type whose value memory can keep, and Redis can store.
pub trait SerializableValue<S: ReturnType> {
    /// Returns the `ReturnOps` of the return type, with the codec of the value for Redis.
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

/// A return type whose value memory can keep, but Redis cannot store.
pub trait UnserializableValue<S: ReturnType> {
    /// Returns the marker of a value that Redis cannot store. Generated code with that marker does
    /// not compile.
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
