//! Dispatch on the error for a computation that exceeded its `timeout`, and the compile errors for
//! a function without such an error.

use std::fmt;
use std::marker::PhantomData;

use crate::base::error::ComputeTimeout;
use crate::return_type::shape::{Fallible, FallibleOptional, ReturnOps, ReturnType};

/// A requirement of `timeout`, met by `Result` types.
#[diagnostic::on_unimplemented(
    message = "`timeout` is for functions that return a `Result`",
    label = "this function has no way to say that its computation was dropped",
    note = "return `Result<T, E>`, where `E: From<cachekit::ComputeTimeout>`, or with \
            `timeout_error = EXPR`; or take `timeout` out: without it a call still waits for no \
            other's computation longer than `lock_timeout`"
)]
pub trait RequireResult {
    /// The type of the result, which is `Self`, if the return type meets this requirement.
    type Checked;
    /// Returns the `ReturnOps` unchanged. A call compiles only if the return type is a `Result`.
    fn of(self) -> Self::Checked;
}

/// The marker of an error type that has no conversion from `ComputeTimeout`.
pub struct NoTimeoutError<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for NoTimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoTimeoutError")
    }
}

/// A requirement of `timeout` that `NoTimeoutError` does not meet: the unmet bound is the compile
/// error.
#[diagnostic::on_unimplemented(
    message = "`timeout` does not know which error to answer with",
    label = "the function's error type cannot be made of a `cachekit::ComputeTimeout`",
    note = "write `timeout_error = EXPR`, or `impl From<cachekit::ComputeTimeout>` for the error type"
)]
pub trait RequireTimeoutError {
    /// The type of the result, which is `Self`, if the return type meets this requirement.
    type Checked;
    /// Returns the `ReturnOps` unchanged. A call compiles only if the function has a timeout error.
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

/// A return type whose error can be made from a `ComputeTimeout`.
pub trait TimeoutError<S: ReturnType> {
    /// Returns the `ReturnOps` of the return type, with the conversion from `ComputeTimeout`.
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

/// A return type whose error cannot be made from a `ComputeTimeout`.
pub trait MissingTimeoutError<S: ReturnType> {
    /// Returns the marker of an error type without a conversion from `ComputeTimeout`. Generated
    /// code with that marker does not compile.
    fn __cachekit_timeout_error(&self) -> NoTimeoutError<S::Error>;
}
impl<S: ReturnType> MissingTimeoutError<S> for ReturnOps<S> {
    fn __cachekit_timeout_error(&self) -> NoTimeoutError<S::Error> {
        NoTimeoutError(PhantomData)
    }
}

impl<S: ReturnType> ReturnOps<S> {
    /// Returns this `ReturnOps` with `error` added, the function that makes the error for a
    /// computation that exceeded its `timeout`.
    pub fn with_timeout_error(self, error: fn(ComputeTimeout) -> S::Error) -> Self {
        Self {
            timeout_error: Some(error),
            ..self
        }
    }

    /// Returns a new error for a call whose computation exceeded its `timeout`; `None` if the
    /// function has no such error.
    pub(crate) fn timeout_error(&self, timeout_error: &ComputeTimeout) -> Option<S::Error> {
        self.timeout_error.map(|error| error(timeout_error.clone()))
    }
}
