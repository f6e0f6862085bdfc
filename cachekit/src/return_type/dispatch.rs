//! The compile-time choice of the form of a return type: with or without a `Result`, and with or
//! without an `Option`.

use std::convert::Infallible;
use std::marker::PhantomData;

use crate::return_type::shape::{
    Fallible, FallibleOptional, Optional, Plain, ReturnOps, ReturnType,
};

/// A step by which the compiler takes a function's return type `R` apart: a call of `peel` removes
/// the error if `R` is a `Result`.
#[derive(Debug)]
pub struct Probe<R>(PhantomData<fn() -> R>);

/// A step by which the compiler takes a function's return type `R` apart. `T` is `R` without its
/// error `E`. A call of `return_ops` chooses the functions for an `Option` if `T` is one.
#[derive(Debug)]
pub struct Peel<R, T, E>(PhantomData<(R, T, E)>);

/// Begins to take the return type `R` apart: the compiler finds out if `R` has a `Result` and an
/// `Option`.
pub const fn probe<R>() -> Probe<R> {
    Probe(PhantomData)
}

impl<T, E> Probe<Result<T, E>> {
    /// Removes the error `E` from the return type `Result<T, E>`. The compiler then looks for an
    /// `Option` in `T`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub const fn peel(self) -> Peel<Result<T, E>, T, E> {
        Peel(PhantomData)
    }
}

/// A return type for which the compiler finds no `Result`, so there is no error to remove.
pub trait AnyResult<R>: Sized {
    /// Removes nothing from the return type `R`, which is not a `Result`. The compiler then looks
    /// for an `Option` in `R`.
    fn peel(self) -> Peel<R, R, Infallible> {
        Peel(PhantomData)
    }
}
impl<R> AnyResult<R> for Probe<R> {}

impl<V, E> Peel<Result<Option<V>, E>, Option<V>, E> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type `Result<Option<V>, E>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn return_ops(self) -> ReturnOps<FallibleOptional<V, E>> {
        ReturnOps::plain()
    }
}

impl<V> Peel<Option<V>, Option<V>, Infallible> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type `Option<V>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn return_ops(self) -> ReturnOps<Optional<V>> {
        ReturnOps::plain()
    }
}

/// A return type without an `Option`, or with an error and without an `Option`.
pub trait AnyReturn: Sized {
    /// The kind of the return type: `Plain` for a value, `Fallible` for a value or an error.
    type ReturnType: ReturnType;
    /// Returns the table of functions ([`ReturnOps`]) for a return type without an `Option`.
    fn return_ops(self) -> ReturnOps<Self::ReturnType> {
        ReturnOps::plain()
    }
}
impl<T, E> AnyReturn for Peel<Result<T, E>, T, E> {
    type ReturnType = Fallible<T, E>;
}
#[expect(
    clippy::mismatching_type_param_order,
    reason = "nothing was peeled: both are `T`"
)]
impl<T> AnyReturn for Peel<T, T, Infallible> {
    type ReturnType = Plain<T>;
}
