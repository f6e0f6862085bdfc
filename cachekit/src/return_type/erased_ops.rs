//! Operations on the values and errors of a function, for code that does not know their types.
//!
//! All code of a call, except the body, is the same for all functions and compiled once. This code
//! handles entries whose values have any type, and uses [`ValueOps`] for everything that depends on
//! the type.

use std::any::Any;
use std::sync::Arc;

use crate::encoding::codec::type_codec::Wire;
use crate::model::deferred_drop::AnyShared;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Operations on the values and errors of one cached function, for code that does not know their
/// types.
#[derive(Clone, Copy)]
pub(crate) struct ValueOps {
    /// Creates the content of an entry that remembers an absence (`None`).
    pub(crate) absence: fn() -> AnyShared,
    /// Returns `true` if the function can return the content of an entry, which is a value or an
    /// absence. A function without an `Option` in its return type cannot return an absence.
    has_answer: fn(&dyn Any) -> bool,
    /// Returns another reference to the value in the content of an entry. `None` if the function's
    /// values are no `Arc`.
    share: Option<fn(&dyn Any) -> Option<AnyShared>>,
    /// Returns `true` if an error has the function's error type. `None` if the error type cannot be
    /// cloned.
    has_error: Option<fn(&(dyn Any + Send + Sync)) -> bool>,
    /// The size in bytes of an entry's content, without the data to which the content points.
    pub(crate) size: usize,
    /// The functions that encode and decode the function's values for Redis; `None` if the values
    /// stay in this process.
    pub(crate) wire: Option<Wire>,
    /// `true` if the function can return an error for a computation that exceeded its `timeout`.
    pub(crate) has_timeout_error: bool,
}

impl<S: ReturnType> ReturnOps<S>
where
    S::Value: Send + Sync + 'static,
{
    /// Returns the operations on the function's values and errors, for code that does not know the
    /// return type `S`.
    pub(crate) fn value_ops(&self) -> ValueOps {
        ValueOps {
            share: self.value_sharing.map(|sharing| sharing.of_entry),
            has_error: self.error_sharing.map(|sharing| sharing.is_error),
            has_timeout_error: self.timeout_error.is_some(),
            ..ValueOps::of::<S>(self.wire)
        }
    }
}

fn has_answer<S: ReturnType>(value: &dyn Any) -> bool
where
    S::Value: 'static,
{
    let value = value.downcast_ref::<Option<S::Value>>();
    value.is_some_and(|value| value.is_some() || S::none().is_some())
}

impl ValueOps {
    /// Creates the operations on the values of the return type `S`. `wire` encodes and decodes
    /// values for Redis; with `None`, the values stay in this process. By these operations, hits
    /// clone values, and waiters get no copy of an error.
    pub(crate) fn of<S: ReturnType>(wire: Option<Wire>) -> Self
    where
        S::Value: Send + Sync + 'static,
    {
        Self {
            absence: || Arc::new(None::<S::Value>),
            has_answer: has_answer::<S>,
            share: None,
            has_error: None,
            size: size_of::<Option<S::Value>>(),
            wire,
            has_timeout_error: false,
        }
    }

    /// Returns `true` if the function can return `value`, the content of an entry. A function
    /// without an `Option` in its return type cannot return an absence.
    pub(crate) fn answers(&self, value: &AnyShared) -> bool {
        (self.has_answer)(&**value)
    }

    /// Returns another reference to the value in `value`, the content of an entry. Returns `None`
    /// if a hit clones the value, because it is no `Arc`.
    pub(crate) fn shared(&self, value: &AnyShared) -> Option<AnyShared> {
        self.share.and_then(|share| share(&**value))
    }

    /// Returns `true` if the function can return a copy of `error` to a waiter or a later call.
    pub(crate) fn copies(&self, error: &AnyShared) -> bool {
        self.has_error.is_some_and(|is_error| is_error(&**error))
    }
}
