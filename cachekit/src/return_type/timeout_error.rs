//! The compile-time choice of the error for a computation that exceeded its `timeout`. A function
//! without such an error does not compile.

use std::fmt;
use std::marker::PhantomData;

use crate::base::error::ComputeTimeout;
use crate::return_type::shape::{Fallible, FallibleOptional, ReturnOps, ReturnType};

/// A requirement of the option `timeout`, which limits the duration of a computation. Return types
/// that are a `Result` meet the requirement.
#[diagnostic::on_unimplemented(
    message = "`timeout` is for functions that return a `Result`",
    label = "this function has no way to say that its computation was dropped",
    note = "return `Result<T, E>`, where `E: From<cachekit::ComputeTimeout>`, or with \
            `timeout_error = EXPR`; or take `timeout` out: without it a call still waits for no \
            other's computation longer than `lock_timeout`"
)]
pub trait RequireResult {
    /// The type that the function `of` of this trait returns: `Self` for a return type that is a
    /// `Result`.
    type Checked;
    /// Returns `self` unchanged. A call of this function compiles only if the return type is a
    /// `Result`.
    fn of(self) -> Self::Checked;
}

/// A stand-in for a function's error type that cannot be made from `ComputeTimeout`. A program in
/// which this stand-in is used does not compile.
pub struct NoTimeoutError<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for NoTimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoTimeoutError")
    }
}

/// A requirement of the option `timeout`, which limits the duration of a computation: the function
/// has an error for a computation that took too long. If the function has no such error, generated
/// code puts this requirement on the stand-in `NoTimeoutError`, which does not meet it. This causes
/// the compile error.
#[diagnostic::on_unimplemented(
    message = "`timeout` does not know which error to answer with",
    label = "the function's error type cannot be made of a `cachekit::ComputeTimeout`",
    note = "write `timeout_error = EXPR`, or `impl From<cachekit::ComputeTimeout>` for the error type"
)]
pub trait RequireTimeoutError {
    /// The type that the function `of` of this trait returns: `Self` for a function that has an
    /// error for a computation that exceeded its `timeout`.
    type Checked;
    /// Returns `self` unchanged. A call of this function compiles only if the function has an error
    /// for a computation that exceeded its `timeout`.
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

/// A return type whose error can be made from a `ComputeTimeout`, the error of a computation that
/// exceeded its `timeout`.
pub trait TimeoutError<S: ReturnType> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type, with the conversion of a
    /// `ComputeTimeout` to the function's error.
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

/// A return type whose error cannot be made from a `ComputeTimeout`, the error of a computation
/// that exceeded its `timeout`.
pub trait MissingTimeoutError<S: ReturnType> {
    /// Returns a stand-in for an error type that cannot be made from `ComputeTimeout`. Generated
    /// code with the stand-in does not compile.
    fn __cachekit_timeout_error(&self) -> NoTimeoutError<S::Error>;
}
impl<S: ReturnType> MissingTimeoutError<S> for ReturnOps<S> {
    fn __cachekit_timeout_error(&self) -> NoTimeoutError<S::Error> {
        NoTimeoutError(PhantomData)
    }
}

impl<S: ReturnType> ReturnOps<S> {
    /// Returns this table of functions with `error` added, which makes the error for a computation
    /// that exceeded its `timeout`.
    pub fn with_timeout_error(self, error: fn(ComputeTimeout) -> S::Error) -> Self {
        Self {
            timeout_error: Some(error),
            ..self
        }
    }

    /// Returns a new error for a call whose computation exceeded its `timeout`. Returns `None` if
    /// the function has no such error.
    pub(crate) fn timeout_error(&self, timeout_error: &ComputeTimeout) -> Option<S::Error> {
        self.timeout_error.map(|error| error(timeout_error.clone()))
    }
}
