//! What a cache can do with a function's types if they allow it: share an error, weigh a value,
//! send it to another process.

use std::sync::Arc;

use crate::model::deferred_drop::AnyShared;
use crate::return_type::shape::{ErrorSharing, ReturnOps, ReturnType, ValueSharing};

#[cfg(feature = "redis")]
use crate::encoding::codec::type_codec::Wire;
#[cfg(feature = "redis")]
use crate::return_type::serializable::Reference;

/// The error can be cloned for every waiter.
pub trait ErrorIsShared<E> {
    /// How.
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

/// It cannot.
pub trait ErrorIsOwned<E> {
    /// There is no way.
    fn error_sharing(&self) -> Option<ErrorSharing<E>>;
}
impl<S: ReturnType> ErrorIsOwned<S::Error> for ReturnOps<S> {
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        None
    }
}

/// The value is an `Arc`: a hit may be another reference to it.
pub trait ValueIsShared<V> {
    /// How.
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

/// It is not.
pub trait ValueIsOwned<V> {
    /// There is no way.
    fn value_sharing(&self) -> Option<ValueSharing<V>>;
}
impl<S: ReturnType> ValueIsOwned<S::Value> for ReturnOps<S> {
    #[inline]
    fn value_sharing(&self) -> Option<ValueSharing<S::Value>> {
        None
    }
}

/// The value can be serialised, so what it serialises tells what it weighs.
#[cfg(feature = "serde")]
pub trait WeighSerialised<V> {
    /// How to weigh it.
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

/// It cannot be serialised.
pub trait Unweighed<V> {
    /// There is no way.
    fn weigher(&self) -> Option<fn(&V) -> usize>;
}
impl<S: ReturnType> Unweighed<S::Value> for ReturnOps<S> {
    fn weigher(&self) -> Option<fn(&S::Value) -> usize> {
        None
    }
}

/// The value of an entry is a reference: it cannot be stored in Redis.
#[cfg(feature = "redis")]
pub trait NeverSerialized<S: ReturnType> {
    /// Its plan.
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

/// The value of an entry can be stored in Redis.
#[cfg(feature = "redis")]
pub trait Serialized<S: ReturnType> {
    /// Its plan.
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

/// It cannot, or is not to be; where it should be, the function itself says what is wrong.
pub trait NotSerialized<S: ReturnType> {
    /// Its plan.
    fn __cachekit_serializable(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> NotSerialized<S> for ReturnOps<S> {
    fn __cachekit_serializable(&self) -> ReturnOps<S> {
        *self
    }
}
