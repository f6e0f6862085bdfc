//! Dispatch on the form of a return type: is it a `Result`, and is its content an `Option`?

use std::convert::Infallible;
use std::marker::PhantomData;

use crate::return_type::shape::{
    Fallible, FallibleOptional, Optional, Plain, ReturnOps, ReturnType,
};

/// The first step of the dispatch: is the return type `R` a `Result`?
#[derive(Debug)]
pub struct Probe<R>(PhantomData<fn() -> R>);

/// The second step of the dispatch: is `T`, which is `R` without its error, an `Option`?
#[derive(Debug)]
pub struct Peel<R, T, E>(PhantomData<(R, T, E)>);

/// Begins the dispatch on the form of the return type `R`.
pub const fn probe<R>() -> Probe<R> {
    Probe(PhantomData)
}

impl<T, E> Probe<Result<T, E>> {
    /// Takes the error `E` off the return type, a `Result`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub const fn peel(self) -> Peel<Result<T, E>, T, E> {
        Peel(PhantomData)
    }
}

/// A return type that is not a `Result`: the first step of the dispatch takes no error off.
pub trait AnyResult<R>: Sized {
    /// Takes nothing off the return type, because it is not a `Result`.
    fn peel(self) -> Peel<R, R, Infallible> {
        Peel(PhantomData)
    }
}
impl<R> AnyResult<R> for Probe<R> {}

impl<V, E> Peel<Result<Option<V>, E>, Option<V>, E> {
    /// Returns the `ReturnOps` of `Result<Option<V>, E>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn return_ops(self) -> ReturnOps<FallibleOptional<V, E>> {
        ReturnOps::plain()
    }
}

impl<V> Peel<Option<V>, Option<V>, Infallible> {
    /// Returns the `ReturnOps` of `Option<V>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn return_ops(self) -> ReturnOps<Optional<V>> {
        ReturnOps::plain()
    }
}

/// A return type without an `Option` inside.
pub trait AnyReturn: Sized {
    /// The form of the return type: `Plain` or `Fallible`.
    type ReturnType: ReturnType;
    /// Returns the `ReturnOps` of the return type.
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
