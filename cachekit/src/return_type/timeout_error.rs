//! What a function answers with when its computation took too long, and the words for one
//! that cannot answer.

use std::fmt;
use std::marker::PhantomData;

use crate::base::error::ComputeTimeout;
use crate::return_type::shape::{Fallible, FallibleOptional, ReturnOps, ReturnType};

/// A plan for something with a `Result` around it.
#[diagnostic::on_unimplemented(
    message = "`timeout` is for functions that return a `Result`",
    label = "this function has no way to say that its computation was dropped",
    note = "return `Result<T, E>`, where `E: From<cachekit::ComputeTimeout>`, or with \
            `timeout_error = EXPR`; or take `timeout` out: without it a call still waits for no \
            other's computation longer than `lock_timeout`"
)]
pub trait RequireResult {
    /// The plan.
    type Checked;
    /// The same.
    fn of(self) -> Self::Checked;
}

/// An error that cannot be made of a timeout.
pub struct NoTimeoutError<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for NoTimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoTimeoutError")
    }
}

/// Not implemented for `NoTimeoutError`: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "`timeout` does not know which error to answer with",
    label = "the function's error type cannot be made of a `cachekit::ComputeTimeout`",
    note = "write `timeout_error = EXPR`, or `impl From<cachekit::ComputeTimeout>` for the error type"
)]
pub trait RequireTimeoutError {
    /// The plan.
    type Checked;
    /// The same.
    fn of(self) -> Self::Checked;
}

macro_rules! passes {
    ($($trait:ident: [$($param:ident),+] $shape:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($param),+> $trait for ReturnOps<$shape> {
            type Checked = Self;

            fn of(self) -> Self {
                self
            }
        }
    )*};
}

passes! {
    RequireResult: [T, E] Fallible<T, E>;
    RequireResult: [T, E] FallibleOptional<T, E>;
    RequireTimeoutError: [T, E] Fallible<T, E>;
    RequireTimeoutError: [T, E] FallibleOptional<T, E>;
}

/// The error can be made of a timeout.
pub trait TimeoutError<S: ReturnType> {
    /// The plan that does so.
    fn __cachekit_timeout_error(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> TimeoutError<S> for &ReturnOps<S>
where
    S::Error: From<ComputeTimeout>,
{
    fn __cachekit_timeout_error(&self) -> ReturnOps<S> {
        (**self).with_timeout_error(S::Error::from)
    }
}

/// It cannot.
pub trait MissingTimeoutError<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_timeout_error(&self) -> NoTimeoutError<S::Error>;
}
impl<S: ReturnType> MissingTimeoutError<S> for ReturnOps<S> {
    fn __cachekit_timeout_error(&self) -> NoTimeoutError<S::Error> {
        NoTimeoutError(PhantomData)
    }
}

impl<S: ReturnType> ReturnOps<S> {
    /// The same, where a computation that took too long ends with `error`.
    pub fn with_timeout_error(self, error: fn(ComputeTimeout) -> S::Error) -> Self {
        Self {
            timeout_error: Some(error),
            ..self
        }
    }

    /// The error of a computation that took too long, made anew for each call.
    pub(crate) fn timeout_error(&self, timeout_error: &ComputeTimeout) -> Option<S::Error> {
        self.timeout_error.map(|error| error(timeout_error.clone()))
    }
}
