//! Whether what a function fails with can be remembered, and the words for what cannot.

use std::fmt;
use std::marker::PhantomData;

use super::{Fallible, FallibleOptional, Plan, Shape};

/// A shape with a `Result` around it.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` is for functions that return a `Result`",
    label = "this function never fails; take `err_ttl` out"
)]
pub trait HasErrors {}
impl<T, E> HasErrors for Fallible<T, E> {}
impl<T, E> HasErrors for FallibleOptional<T, E> {}

/// An error that cannot be remembered.
pub struct Forgotten<E>(PhantomData<fn() -> E>);

impl<E> fmt::Debug for Forgotten<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgotten")
    }
}

/// Never implemented for [`Forgotten`]: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "the error that this function returns cannot be remembered",
    label = "`err_ttl` needs an error that is `Clone + Send + Sync + 'static`",
    note = "each call that it is remembered for gets a clone; derive `Clone` for it, or return \
            `Arc<E>`; or take `err_ttl` out"
)]
pub trait Remembered {}

/// The error can be remembered.
pub trait ErrorToKeep<S: Shape> {
    /// Nothing: it compiles.
    fn __cachekit_remembered(&self);
}
impl<S: Shape + HasErrors> ErrorToKeep<S> for &&Plan<S>
where
    S::Error: Clone + Send + Sync + 'static,
{
    fn __cachekit_remembered(&self) {}
}

/// It cannot.
pub trait ErrorToForget<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_remembered(&self)
    where
        Forgotten<S::Error>: Remembered;
}
impl<S: Shape + HasErrors> ErrorToForget<S> for &Plan<S> {
    fn __cachekit_remembered(&self)
    where
        Forgotten<S::Error>: Remembered,
    {
    }
}

/// There is no error.
pub trait NoErrorToKeep<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_remembered(&self)
    where
        S: HasErrors;
}
impl<S: Shape> NoErrorToKeep<S> for Plan<S> {
    fn __cachekit_remembered(&self)
    where
        S: HasErrors,
    {
    }
}
