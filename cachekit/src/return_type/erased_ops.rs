//! What code that does not know a function's types has to know of them.
//!
//! All that a call does beside running the body is the same for every function. It is compiled once,
//! over entries whose values have any type, and has this to ask of the one at hand.

use std::any::Any;
use std::sync::Arc;

use crate::encoding::codec::type_codec::Wire;
use crate::model::deferred_drop::AnyShared;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// What can be asked of the values and errors of one function.
#[derive(Clone, Copy)]
pub(crate) struct ValueOps {
    /// What an entry holds for an absence.
    pub(crate) absence: fn() -> AnyShared,
    /// Whether the function has an answer for what an entry holds.
    has_answer: fn(&dyn Any) -> bool,
    /// What a hit may be another reference to, where values are shared.
    share: Option<fn(&dyn Any) -> Option<AnyShared>>,
    /// Whether callers may have a copy of an error that is shared.
    has_error: Option<fn(&(dyn Any + Send + Sync)) -> bool>,
    /// The bytes of a value's type.
    pub(crate) size: usize,
    /// How values cross to Redis; `None` where they stay in this process.
    pub(crate) wire: Option<Wire>,
    /// Whether there is an answer for a computation that took too long.
    pub(crate) has_timeout_error: bool,
}

impl<S: ReturnType> ReturnOps<S>
where
    S::Value: Send + Sync + 'static,
{
    /// For code that does not know `S`.
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
    /// Of values that cross to Redis by `wire`, if they do.
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

    /// Whether the function has an answer for `value`, which an entry holds.
    pub(crate) fn answers(&self, value: &AnyShared) -> bool {
        (self.has_answer)(&**value)
    }

    /// What is shared of `value`, which an entry holds.
    pub(crate) fn shared(&self, value: &AnyShared) -> Option<AnyShared> {
        self.share.and_then(|share| share(&**value))
    }

    /// Whether the function may answer with a copy of `error`.
    pub(crate) fn copies(&self, error: &AnyShared) -> bool {
        self.has_error.is_some_and(|is_error| is_error(&**error))
    }
}
