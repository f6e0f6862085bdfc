//! The compile-time choice between a value that can be stored in Redis, and one that cannot.

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::codec::type_codec::Wire;
use crate::return_type::diagnostics::{NotOwned, NotSerializable};
use crate::return_type::shape::{ReturnOps, ReturnType};

/// A value that is a reference, which cannot be decoded from bytes of Redis. serde implements
/// `Deserialize` for references of one lifetime, and the compiler would choose that implementation
/// for every lifetime. This trait excludes references first.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// A return type whose value is a reference, which cannot be decoded from bytes of Redis.
pub trait UnownedValue<S: ReturnType> {
    /// Returns a stand-in for a value that is a reference. Generated code with the stand-in does
    /// not compile.
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
    /// Returns the table of functions ([`ReturnOps`]) for the return type, with those that encode
    /// and decode values for Redis.
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

/// A return type whose value memory can keep, but Redis cannot store, because serde cannot encode
/// and decode the value.
pub trait UnserializableValue<S: ReturnType> {
    /// Returns a stand-in for a value that Redis cannot store. Generated code with the stand-in
    /// does not compile.
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
