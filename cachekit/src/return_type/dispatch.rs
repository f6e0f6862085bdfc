//! Two questions about a return type: is it a `Result`, and what is in it an `Option`?

use std::convert::Infallible;
use std::marker::PhantomData;

use crate::return_type::shape::{
    Fallible, FallibleOptional, Optional, Plain, ReturnOps, ReturnType,
};

/// First step: is `R` a `Result`?
#[derive(Debug)]
pub struct Probe<R>(PhantomData<fn() -> R>);

/// Second step: is `T`, of `R` without its error, an `Option`?
#[derive(Debug)]
pub struct Peel<R, T, E>(PhantomData<(R, T, E)>);

/// Begins to ask about `R`.
pub const fn probe<R>() -> Probe<R> {
    Probe(PhantomData)
}

impl<T, E> Probe<Result<T, E>> {
    /// It is.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub const fn peel(self) -> Peel<Result<T, E>, T, E> {
        Peel(PhantomData)
    }
}

/// It is not.
pub trait AnyResult<R>: Sized {
    /// Nothing to peel off.
    fn peel(self) -> Peel<R, R, Infallible> {
        Peel(PhantomData)
    }
}
impl<R> AnyResult<R> for Probe<R> {}

impl<V, E> Peel<Result<Option<V>, E>, Option<V>, E> {
    /// `Result<Option<V>, E>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn return_ops(self) -> ReturnOps<FallibleOptional<V, E>> {
        ReturnOps::plain()
    }
}

impl<V> Peel<Option<V>, Option<V>, Infallible> {
    /// `Option<V>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn return_ops(self) -> ReturnOps<Optional<V>> {
        ReturnOps::plain()
    }
}

/// Not an `Option`.
pub trait AnyReturn: Sized {
    /// What it is then.
    type ReturnType: ReturnType;
    /// The plan for it.
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
