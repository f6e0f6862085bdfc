//! The compile-time choice between a function's error that can be remembered (`err_ttl`), and one
//! that cannot, which is a compile error.

use std::fmt;
use std::marker::PhantomData;

use crate::return_type::shape::{Fallible, FallibleOptional, ReturnOps, ReturnType};

/// A requirement of the option `err_ttl`, which stores errors for later calls. Return types that
/// have an error meet the requirement.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` is for functions that return a `Result`",
    label = "this function never fails; take `err_ttl` out"
)]
pub trait RequireErrors: Sized {
    /// Does nothing. A call of this function compiles only if the return type has an error.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T, E> RequireErrors for ReturnOps<Fallible<T, E>> {}
#[diagnostic::do_not_recommend]
impl<T, E> RequireErrors for ReturnOps<FallibleOptional<T, E>> {}

/// A stand-in for a function's error that cannot be cloned, and so cannot be stored for later calls
/// (`err_ttl`). A program in which this stand-in is used does not compile.
pub struct NotCloneable<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for NotCloneable<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgotten")
    }
}

/// A requirement of the option `err_ttl`, which stores errors for later calls: the error can be
/// cloned. If the error cannot be cloned, generated code puts this requirement on the stand-in
/// `NotCloneable`, which does not meet it. This causes the compile error.
#[diagnostic::on_unimplemented(
    message = "the error that this function returns cannot be remembered",
    label = "`err_ttl` needs an error that is `Clone + Send + Sync + 'static`",
    note = "each call that it is remembered for gets a clone; derive `Clone` for it, or return \
            `Arc<E>`; or take `err_ttl` out"
)]
pub trait RequireCloneableError: Sized {
    /// Does nothing. A call of this function compiles only if the function's error can be cloned.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<S: ReturnType> RequireCloneableError for ReturnOps<S> {}

/// A return type whose error can be cloned, and so can be stored for later calls (`err_ttl`).
pub trait CloneableError<S: ReturnType> {
    /// Returns the table of functions ([`ReturnOps`]) for the return type. The table meets the
    /// requirement of the option `err_ttl`, which stores errors for later calls.
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

/// A return type whose error cannot be cloned, and so cannot be stored for later calls (`err_ttl`).
pub trait UncloneableError<S: ReturnType> {
    /// Returns a stand-in for an error that cannot be cloned. Generated code with the stand-in does
    /// not compile.
    fn __cachekit_cloneable_error(&self) -> NotCloneable<S::Error>;
}
impl<S: ReturnType> UncloneableError<S> for ReturnOps<S> {
    fn __cachekit_cloneable_error(&self) -> NotCloneable<S::Error> {
        NotCloneable(PhantomData)
    }
}
