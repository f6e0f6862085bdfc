//! The end of a call whose body has run: the value or the error goes to the cache, the answer to
//! the caller, and both to the observers of the call.

use std::sync::Arc;

use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::answer::Answer;
use crate::read::composition::Recorder;
use crate::read::return_answer::return_answer;
use crate::read::running::{Computation, Computed};
use crate::return_type::shape::{ReturnOps, ReturnParts, ReturnType};

/// Completes the computation, and returns the call's result. `ret` is the value that the body
/// returned, or `None` if the body exceeded its `timeout`.
#[inline(never)]
pub(crate) fn complete<S>(
    return_ops: &ReturnOps<S>,
    (computation, recorder): (Option<Box<Computation>>, Option<&Recorder>),
    after: &mut dyn FnMut(&S::Value, &mut EntryTags),
    ret: Option<S::Ret>,
) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    let (computation, ret) = match (computation, ret) {
        (Some(computation), Some(ret)) => (computation, ret),
        (Some(computation), None) => {
            let answer = computation.timed_out();
            observe_failure(recorder, Some(&answer));
            return return_answer(return_ops, answer);
        }
        (None, Some(ret)) => return ret,
        (None, None) => unreachable!("only a computation has a deadline"),
    };
    match S::split(ret) {
        ReturnParts::Some(value) => {
            let mut value = Some(value);
            let mut kept = None;
            computation.succeeded(&mut |entry_tags, weighs| {
                let original = value.as_ref()?;
                after(original, entry_tags);
                let copy = original.clone();
                let heap = if weighs {
                    return_ops.weigh(original)
                } else {
                    0
                };
                // From this line on, the caller gets the copy, even if storing fails.
                let content = Arc::new(value.take());
                kept = Some(copy);
                Some(Computed {
                    content,
                    is_present: true,
                    heap,
                })
            });
            observe_computed(recorder);
            let value = kept.or(value);
            value.map_or_else(|| unreachable!("one of two is left"), S::some)
        }
        ReturnParts::None => {
            computation.succeeded(&mut |_, _| {
                Some(Computed {
                    content: Arc::new(None::<S::Value>),
                    is_present: false,
                    heap: 0,
                })
            });
            observe_computed(recorder);
            // A return type that can be split into `None` can also be built from `None`.
            S::none().unwrap_or_else(|| unreachable!("an absence without a form"))
        }
        ReturnParts::Err(error) => {
            let fallback = computation.failed(&mut || return_ops.share(&error));
            observe_failure(recorder, fallback.as_ref());
            match fallback {
                Some(answer) => return_answer(return_ops, answer),
                None => S::err(error),
            }
        }
    }
}

/// Tells the observers of the call that the function's own result is its answer.
fn observe_computed(recorder: Option<&Recorder>) {
    if let Some(recorder) = recorder {
        recorder.observe(Some(SourceTier::Computed), None);
    }
}

/// Tells the observers of the call the call's answer after the function failed: a stale value, or
/// the failure.
fn observe_failure(recorder: Option<&Recorder>, answer: Option<&Answer>) {
    let Some(recorder) = recorder else { return };
    match answer {
        Some(Answer::Entry(_)) => recorder.observe(None, answer),
        _ => recorder.observe(Some(SourceTier::Computed), None),
    }
}
