//! Conversion of the cache's answer to a call into the function's return type.

use std::sync::Arc;

use crate::base::sync::expect_no_lock;
use crate::model::deferred_drop::DeferredDrop;
use crate::read::answer::Answer;
use crate::read::hit::take_shared;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Converts `answer` as [`return_answer`] does, and keeps the table of operations off the stack of
/// the caller.
#[inline(never)]
pub(crate) fn return_answer_by<S>(return_ops: impl Fn() -> ReturnOps<S>, answer: Answer) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    return_answer(&return_ops(), answer)
}

/// Converts `answer` into the function's return type, which must be able to express that answer.
#[inline(never)]
pub(crate) fn return_answer<S>(return_ops: &ReturnOps<S>, answer: Answer) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    let ret = match answer {
        Answer::Entry(stored) => {
            let value = take_shared(stored).downcast::<Option<S::Value>>();
            expect_no_lock();
            let value = value.ok().and_then(Arc::unwrap_or_clone);
            value.map(S::some).or_else(S::none)
        }
        Answer::Error(error) => return_ops.copy(error.shared()).map(S::err),
        Answer::TimedOut(timeout) => return_ops.timeout_error(&timeout).map(S::err),
    };
    ret.unwrap_or_else(|| unreachable!("an answer that the function has no form for"))
}

/// Converts the value of a queued write into the function's return type. Returns `None` if the
/// value has another type than the function's values.
#[inline(never)]
pub(crate) fn return_queued<S>(value: DeferredDrop) -> Option<S::Ret>
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    let value = value.into_shared().downcast::<Option<S::Value>>().ok()?;
    expect_no_lock();
    Arc::unwrap_or_clone(value).map(S::some)
}
