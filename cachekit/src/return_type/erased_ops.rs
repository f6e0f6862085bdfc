//! Operations on a function's values and errors, for code that does not know their types.
//!
//! Everything that a call does beside running the body is equal for all functions. It is compiled
//! once, over entries whose values have any type, and has these operations of the function.

use std::any::Any;
use std::sync::Arc;

use crate::encoding::codec::type_codec::Wire;
use crate::model::deferred_drop::AnyShared;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Operations on the values and errors of one function.
#[derive(Clone, Copy)]
pub(crate) struct ValueOps {
    /// Creates the content of an entry for an absence.
    pub(crate) absence: fn() -> AnyShared,
    /// Returns `true` if the function has an answer for the content of an entry.
    has_answer: fn(&dyn Any) -> bool,
    /// Returns another reference to the value in the content of an entry, if values are shared.
    share: Option<fn(&dyn Any) -> Option<AnyShared>>,
    /// Returns `true` if callers may have a copy of a shared error.
    has_error: Option<fn(&(dyn Any + Send + Sync)) -> bool>,
    /// The size of the content of an entry, without what it points to.
    pub(crate) size: usize,
    /// The codec of values for Redis; `None` if they stay in this process.
    pub(crate) wire: Option<Wire>,
    /// `true` if there is an answer for a computation that took too long.
    pub(crate) has_timeout_error: bool,
}

impl<S: ReturnType> ReturnOps<S>
where
    S::Value: Send + Sync + 'static,
{
    /// Returns the operations for code that does not know `S`.
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
    /// Creates the operations of values with this codec for Redis, if they have one.
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

    /// Returns `true` if the function has an answer for `value`, the content of an entry.
    pub(crate) fn answers(&self, value: &AnyShared) -> bool {
        (self.has_answer)(&**value)
    }

    /// Returns what a hit shares of `value`, the content of an entry.
    pub(crate) fn shared(&self, value: &AnyShared) -> Option<AnyShared> {
        self.share.and_then(|share| share(&**value))
    }

    /// Returns `true` if the function may answer with a copy of `error`.
    pub(crate) fn copies(&self, error: &AnyShared) -> bool {
        self.has_error.is_some_and(|is_error| is_error(&**error))
    }
}
