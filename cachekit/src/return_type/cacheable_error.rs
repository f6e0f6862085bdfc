//! Dispatch on the question whether a function's error can be remembered (`err_ttl`), and the
//! compile errors if the answer is no.

use std::fmt;
use std::marker::PhantomData;

use crate::return_type::shape::{Fallible, FallibleOptional, ReturnOps, ReturnType};

/// A requirement of `err_ttl`, met by return types that have an error.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` is for functions that return a `Result`",
    label = "this function never fails; take `err_ttl` out"
)]
pub trait RequireErrors: Sized {
    /// Does nothing. A call compiles only if the return type has an error.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T, E> RequireErrors for ReturnOps<Fallible<T, E>> {}
#[diagnostic::do_not_recommend]
impl<T, E> RequireErrors for ReturnOps<FallibleOptional<T, E>> {}

/// The marker of an error that cannot be cloned, and so not be remembered.
pub struct NotCloneable<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for NotCloneable<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgotten")
    }
}

/// A requirement of `err_ttl` that `NotCloneable` does not meet: the unmet bound is the compile
/// error.
#[diagnostic::on_unimplemented(
    message = "the error that this function returns cannot be remembered",
    label = "`err_ttl` needs an error that is `Clone + Send + Sync + 'static`",
    note = "each call that it is remembered for gets a clone; derive `Clone` for it, or return \
            `Arc<E>`; or take `err_ttl` out"
)]
pub trait RequireCloneableError: Sized {
    /// Does nothing. A call compiles only if the error can be cloned for later calls.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<S: ReturnType> RequireCloneableError for ReturnOps<S> {}

/// A return type whose error can be cloned, and so be remembered.
pub trait CloneableError<S: ReturnType> {
    /// Returns the `ReturnOps` of the return type, which meet the requirement of `err_ttl`.
    fn __cachekit_cloneable_error(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> CloneableError<S> for &ReturnOps<S>
where
    S::Error: Clone + Send + Sync + 'static,
{
    fn __cachekit_cloneable_error(&self) -> ReturnOps<S> {
        **self
    }
}

/// A return type whose error cannot be cloned, and so not be remembered.
pub trait UncloneableError<S: ReturnType> {
    /// Returns the marker of an error that cannot be cloned. Generated code with that marker does
    /// not compile.
    fn __cachekit_cloneable_error(&self) -> NotCloneable<S::Error>;
}
impl<S: ReturnType> UncloneableError<S> for ReturnOps<S> {
    fn __cachekit_cloneable_error(&self) -> NotCloneable<S::Error> {
        NotCloneable(PhantomData)
    }
}
