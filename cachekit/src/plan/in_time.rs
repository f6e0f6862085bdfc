//! What a function answers with when its computation took too long, and the words for one
//! that cannot answer.

use std::fmt;
use std::marker::PhantomData;

use super::keep::Hollow;
use super::{Fallible, FallibleOptional, Plan, Shape};
use crate::error::ComputeTimeout;

/// A shape with a `Result` around it.
#[diagnostic::on_unimplemented(
    message = "`timeout` is for functions that return a `Result`",
    label = "this function has no way to say that its computation was dropped",
    note = "return `Result<T, E>`, where `E: From<cachekit::ComputeTimeout>`, or with \
            `timeout_error = EXPR`; or take `timeout` out: without it a call still waits for no \
            other's computation longer than `lock_timeout`"
)]
pub trait CanFail {}
impl<T, E> CanFail for Fallible<T, E> {}
impl<T, E> CanFail for FallibleOptional<T, E> {}
// What it stands in for is at fault already.
impl<S> CanFail for Hollow<S> {}

/// An error that cannot be made of a timeout.
pub struct NoTimeoutError<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for NoTimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoTimeoutError")
    }
}

/// Never implemented for [`NoTimeoutError`]: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "`timeout` does not know which error to answer with",
    label = "the function's error type cannot be made of a `cachekit::ComputeTimeout`",
    note = "write `timeout_error = EXPR`, or `impl From<cachekit::ComputeTimeout>` for the error type"
)]
pub trait Answer {}

/// The error can be made of a timeout.
pub trait ErrorFromTimeout<S: Shape> {
    /// The plan that does so.
    fn __cachekit_in_time(&self) -> Plan<S>;
}
impl<S: Shape + CanFail> ErrorFromTimeout<S> for &&Plan<S>
where
    S::Error: From<ComputeTimeout>,
{
    fn __cachekit_in_time(&self) -> Plan<S> {
        (***self).or_late(S::Error::from)
    }
}

/// It cannot.
pub trait NoErrorFromTimeout<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_in_time(&self) -> Plan<S>
    where
        NoTimeoutError<S::Error>: Answer;
}
impl<S: Shape + CanFail> NoErrorFromTimeout<S> for &Plan<S> {
    fn __cachekit_in_time(&self) -> Plan<S>
    where
        NoTimeoutError<S::Error>: Answer,
    {
        **self
    }
}

/// There is no error.
pub trait NoErrorAtAll<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_in_time(&self) -> Plan<S>
    where
        S: CanFail;
}
impl<S: Shape> NoErrorAtAll<S> for Plan<S> {
    fn __cachekit_in_time(&self) -> Plan<S>
    where
        S: CanFail,
    {
        *self
    }
}

impl<S: Shape + CanFail> Plan<S> {
    /// `timeout_error = EXPR`: what stands there, as a function of nothing.
    pub fn or_error(self, error: fn(ComputeTimeout) -> S::Error) -> Self {
        self.or_late(error)
    }
}

/// There is no error that `EXPR` could be.
pub trait NoErrorToBe<S: Shape> {
    /// Says so, whatever type that is: the bound is never met.
    fn or_error<E>(self, error: fn(ComputeTimeout) -> E) -> Plan<S>
    where
        S: CanFail;
}
impl<S: Shape> NoErrorToBe<S> for Plan<S> {
    fn or_error<E>(self, _: fn(ComputeTimeout) -> E) -> Plan<S>
    where
        S: CanFail,
    {
        self
    }
}

impl<S: Shape> Plan<S> {
    /// The same, where a computation that took too long ends with `error`.
    pub fn or_late(self, error: fn(ComputeTimeout) -> S::Error) -> Self {
        Self {
            late: Some(error),
            ..self
        }
    }

    /// The error of a computation that took too long, made anew for each call.
    pub(crate) fn out_of_time(&self, late: &ComputeTimeout) -> Option<S::Error> {
        self.late.map(|error| error(late.clone()))
    }
}
