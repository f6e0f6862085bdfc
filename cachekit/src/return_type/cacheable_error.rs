//! Whether what a function fails with can be remembered, and the words for what cannot.

use std::fmt;
use std::marker::PhantomData;

use crate::return_type::shape::{Fallible, FallibleOptional, ReturnOps, ReturnType};

/// The plan of a shape with an error in it.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` is for functions that return a `Result`",
    label = "this function never fails; take `err_ttl` out"
)]
pub trait HasErrors: Sized {
    /// Says so.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T, E> HasErrors for ReturnOps<Fallible<T, E>> {}
#[diagnostic::do_not_recommend]
impl<T, E> HasErrors for ReturnOps<FallibleOptional<T, E>> {}

/// An error that cannot be remembered.
pub struct Forgotten<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for Forgotten<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgotten")
    }
}

/// Not implemented for `Forgotten`: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "the error that this function returns cannot be remembered",
    label = "`err_ttl` needs an error that is `Clone + Send + Sync + 'static`",
    note = "each call that it is remembered for gets a clone; derive `Clone` for it, or return \
            `Arc<E>`; or take `err_ttl` out"
)]
pub trait Remember: Sized {
    /// Says so.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<S: ReturnType> Remember for ReturnOps<S> {}

/// The error can be remembered.
pub trait ErrorToKeep<S: ReturnType> {
    /// The plan.
    fn __cachekit_remembered(&self) -> ReturnOps<S>;
}
impl<S: ReturnType> ErrorToKeep<S> for &ReturnOps<S>
where
    S::Error: Clone + Send + Sync + 'static,
{
    fn __cachekit_remembered(&self) -> ReturnOps<S> {
        **self
    }
}

/// It cannot.
pub trait ErrorToForget<S: ReturnType> {
    /// What stands for that.
    fn __cachekit_remembered(&self) -> Forgotten<S::Error>;
}
impl<S: ReturnType> ErrorToForget<S> for ReturnOps<S> {
    fn __cachekit_remembered(&self) -> Forgotten<S::Error> {
        Forgotten(PhantomData)
    }
}
