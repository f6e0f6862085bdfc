//! Whether a value can be kept in a cache, and the words for one that cannot.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use super::{Plan, Shape, Split};

/// A value that cannot be kept.
pub struct Unkept<V>(PhantomData<fn() -> V>);

impl<V> fmt::Debug for Unkept<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unkept")
    }
}

/// Never implemented for an [`Unkept`]: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be cached",
    label = "a cached value must be `Clone + Send + Sync + 'static`",
    note = "it is cloned for every caller and shared by threads; derive `Clone` for it, or return \
            `Arc<T>` in its place"
)]
pub trait Keep {}

/// The shape of a value that cannot be kept: it stands in for the real one, so that the
/// mistake is told once. A program with it does not compile.
#[derive(Debug)]
pub struct Hollow<S>(PhantomData<fn() -> S>);

impl<S> Clone for Hollow<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Hollow<S> {}

impl<S: Shape> Shape for Hollow<S> {
    type Ret = S::Ret;
    type Value = Infallible;
    type Error = S::Error;

    fn split(ret: S::Ret) -> Split<Infallible, S::Error> {
        match S::split(ret) {
            Split::Some(_) | Split::None => Split::None,
            Split::Err(error) => Split::Err(error),
        }
    }
    fn peek(_: &S::Ret) -> Split<&Infallible, &S::Error> {
        Split::None
    }
    fn some(value: Infallible) -> S::Ret {
        match value {}
    }
    fn none() -> Option<S::Ret> {
        S::none()
    }
    fn err(error: S::Error) -> S::Ret {
        S::err(error)
    }
}

/// It can be kept.
pub trait Keepable<S: Shape> {
    /// Its plan.
    fn __cachekit_keep(&self) -> Plan<S>;
}
impl<S: Shape> Keepable<S> for &Plan<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> Plan<S> {
        **self
    }
}

/// It cannot.
pub trait NotKeepable<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_keep(&self) -> Plan<Hollow<S>>
    where
        Unkept<S::Value>: Keep;
}
impl<S: Shape> NotKeepable<S> for Plan<S> {
    fn __cachekit_keep(&self) -> Plan<Hollow<S>>
    where
        Unkept<S::Value>: Keep,
    {
        Plan::plain()
    }
}
