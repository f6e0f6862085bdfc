//! What a cache can do with a function's types if they allow it: share an error, weigh a value,
//! send it to another process.

use std::sync::Arc;

use crate::model::deferred_drop::AnyShared;
use crate::return_type::shape::{ErrorSharing, Plan, Shape, ValueSharing};

#[cfg(feature = "redis")]
use crate::encoding::codec::type_codec::Wire;
#[cfg(feature = "redis")]
use crate::return_type::serializable::Reference;

/// The error can be cloned for every waiter.
pub trait ErrorIsShared<E> {
    /// How.
    fn error_sharing(&self) -> Option<ErrorSharing<E>>;
}
impl<S: Shape> ErrorIsShared<S::Error> for &Plan<S>
where
    S::Error: Clone + Send + Sync + 'static,
{
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        Some(ErrorSharing {
            is_one: |any| any.is::<S::Error>(),
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
impl<S: Shape> ErrorIsOwned<S::Error> for Plan<S> {
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        None
    }
}

/// The value is an `Arc`: a hit may be another reference to it.
pub trait ValueIsShared<V> {
    /// How.
    fn value_sharing(&self) -> Option<ValueSharing<V>>;
}
impl<S, T> ValueIsShared<Arc<T>> for &Plan<S>
where
    S: Shape<Value = Arc<T>>,
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
impl<S: Shape> ValueIsOwned<S::Value> for Plan<S> {
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
impl<S: Shape> WeighSerialised<S::Value> for &Plan<S>
where
    S::Value: serde::Serialize,
{
    fn weigher(&self) -> Option<fn(&S::Value) -> usize> {
        Some(crate::encoding::codec::weight::heap)
    }
}

/// It cannot be serialised.
pub trait WeighNothing<V> {
    /// There is no way.
    fn weigher(&self) -> Option<fn(&V) -> usize>;
}
impl<S: Shape> WeighNothing<S::Value> for Plan<S> {
    fn weigher(&self) -> Option<fn(&S::Value) -> usize> {
        None
    }
}

/// The value of an entry is a reference: it cannot be stored in Redis.
#[cfg(feature = "redis")]
pub trait WiredToNothing<S: Shape> {
    /// Its plan.
    fn __cachekit_wired(&self) -> Plan<S>;
}
#[cfg(feature = "redis")]
impl<S: Shape> WiredToNothing<S> for &&Plan<S>
where
    S::Value: Reference,
{
    fn __cachekit_wired(&self) -> Plan<S> {
        ***self
    }
}

/// The value of an entry can be stored in Redis.
#[cfg(feature = "redis")]
pub trait Wired<S: Shape> {
    /// Its plan.
    fn __cachekit_wired(&self) -> Plan<S>;
}
#[cfg(feature = "redis")]
impl<S: Shape> Wired<S> for &Plan<S>
where
    S::Value: Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    fn __cachekit_wired(&self) -> Plan<S> {
        Plan {
            wire: Some(Wire::serde::<S::Value>()),
            ..**self
        }
    }
}

/// It cannot, or is not to be; where it should be, the function itself says what is wrong.
pub trait NotWired<S: Shape> {
    /// Its plan.
    fn __cachekit_wired(&self) -> Plan<S>;
}
impl<S: Shape> NotWired<S> for Plan<S> {
    fn __cachekit_wired(&self) -> Plan<S> {
        *self
    }
}
