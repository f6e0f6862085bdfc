//! Operations that only some return types allow: sharing an error among waiters, weighing a value,
//! storing a value in Redis.

use std::sync::Arc;

use crate::model::deferred_drop::AnyShared;
use crate::return_type::shape::{ErrorSharing, ReturnOps, ReturnType, ValueSharing};

#[cfg(feature = "redis")]
use crate::encoding::codec::type_codec::Wire;
#[cfg(feature = "redis")]
use crate::return_type::serializable::Reference;

/// A return type whose error can be cloned for every call that waits for a computation.
pub trait ErrorIsShared<E> {
    /// Returns the functions that clone the error of a computation for every waiter.
    fn error_sharing(&self) -> Option<ErrorSharing<E>>;
}
impl<S: ReturnType> ErrorIsShared<S::Error> for &ReturnOps<S>
where
    S::Error: Clone + Send + Sync + 'static,
{
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        Some(ErrorSharing {
            is_error: |any| any.is::<S::Error>(),
            share: |error| Arc::new(error.clone()),
            copy: |any| any.downcast_ref::<S::Error>().cloned(),
        })
    }
}

/// A return type whose error cannot be cloned. After an error, each waiter computes the value
/// itself.
pub trait ErrorIsOwned<E> {
    /// Returns `None`, because the error of a computation cannot be cloned for its waiters.
    fn error_sharing(&self) -> Option<ErrorSharing<E>>;
}
impl<S: ReturnType> ErrorIsOwned<S::Error> for ReturnOps<S> {
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        None
    }
}

/// A return type whose value is an `Arc`, so that a hit can return another reference to the value.
pub trait ValueIsShared<V> {
    /// Returns the functions that make further references to the value, which is an `Arc`.
    fn value_sharing(&self) -> Option<ValueSharing<V>>;
}
impl<S, T> ValueIsShared<Arc<T>> for &ReturnOps<S>
where
    S: ReturnType<Value = Arc<T>>,
    T: Send + Sync + 'static,
{
    #[inline]
    fn value_sharing(&self) -> Option<ValueSharing<Arc<T>>> {
        Some(ValueSharing {
            share: |value| Arc::clone(value) as AnyShared,
            of_entry: |value| {
                let value = value.downcast_ref::<Option<Arc<T>>>()?.as_ref()?;
                Some(Arc::clone(value) as AnyShared)
            },
            back: |any| any.downcast(),
        })
    }
}

/// A return type whose value is not an `Arc`, so that a hit clones the value.
pub trait ValueIsOwned<V> {
    /// Returns `None`, because the value is no `Arc`, so that a hit clones the value.
    fn value_sharing(&self) -> Option<ValueSharing<V>>;
}
impl<S: ReturnType> ValueIsOwned<S::Value> for ReturnOps<S> {
    #[inline]
    fn value_sharing(&self) -> Option<ValueSharing<S::Value>> {
        None
    }
}

/// A return type whose value can be serialised. The weight of the value is estimated from its
/// serialised parts.
#[cfg(feature = "serde")]
pub trait WeighSerialised<V> {
    /// Returns the function that estimates the bytes that a value takes in memory in addition to
    /// the size of its type.
    fn weigher(&self) -> Option<fn(&V) -> usize>;
}
#[cfg(feature = "serde")]
impl<S: ReturnType> WeighSerialised<S::Value> for &ReturnOps<S>
where
    S::Value: serde::Serialize,
{
    fn weigher(&self) -> Option<fn(&S::Value) -> usize> {
        Some(crate::encoding::codec::weight::heap)
    }
}

/// A return type whose value cannot be serialised, so that its weight cannot be estimated.
pub trait Unweighed<V> {
    /// Returns `None`, because the weight of a value that cannot be serialised is known only for a
    /// few well-known types, such as `String`.
    fn weigher(&self) -> Option<fn(&V) -> usize>;
}
impl<S: ReturnType> Unweighed<S::Value> for ReturnOps<S> {
    fn weigher(&self) -> Option<fn(&S::Value) -> usize> {
        None
    }
}

/// A return type whose value is a reference, which cannot be stored in Redis.
#[cfg(feature = "redis")]
pub trait NeverSerialized<S: ReturnType> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type, without those that
    /// encode and decode values for Redis.
    fn __cachekit_serializable(&self) -> ReturnOps<S>;
}
#[cfg(feature = "redis")]
impl<S: ReturnType> NeverSerialized<S> for &&ReturnOps<S>
where
    S::Value: Reference,
{
    fn __cachekit_serializable(&self) -> ReturnOps<S> {
        ***self
    }
}

/// A return type whose value can be stored in Redis, because serde can encode and decode the value.
#[cfg(feature = "redis")]
pub trait Serialized<S: ReturnType> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type, with those that encode
    /// and decode values for Redis.
    fn __cachekit_serializable(&self) -> ReturnOps<S>;
}
#[cfg(feature = "redis")]
impl<S: ReturnType> Serialized<S> for &ReturnOps<S>
where
    S::Value: Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    fn __cachekit_serializable(&self) -> ReturnOps<S> {
        ReturnOps {
            wire: Some(Wire::serde::<S::Value>()),
            ..**self
        }
    }
}

/// A return type whose value is not stored in Redis, because it cannot be encoded or must stay in
/// memory. If a function with such a value requires Redis, the compile error is at that function.
pub trait NotSerialized<S: ReturnType> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type, without those that
    /// encode and decode values for Redis.
    fn __cachekit_serializable(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> NotSerialized<S> for ReturnOps<S> {
    fn __cachekit_serializable(&self) -> ReturnOps<S> {
        *self
    }
}
