//! Autoref dispatch on the question whether a body can own a clone of a borrowed argument.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Wrapper around a borrowed argument, on which the dispatch looks for a clone.
pub struct Borrowed<'a, T: ?Sized>(pub &'a T);

/// Clone of a borrowed argument, which the body owns.
pub struct Owned<T: ToOwned + ?Sized>(T::Owned);

impl<T: ToOwned + ?Sized> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.borrow()
    }
}

/// Stand-in for the clone of an argument that cannot be cloned. A program with an `Unowned` does
/// not compile.
pub struct Unowned<T: ?Sized>(PhantomData<fn() -> *const T>);

impl<T: ?Sized> Deref for Unowned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        unreachable!("nobody has made one")
    }
}

/// Marker of arguments that a body can own. `Unowned` lacks this trait, which is the compile
/// error.
#[diagnostic::on_unimplemented(
    message = "a computation in the background needs its own clone of this argument",
    label = "is borrowed, and its type cannot be cloned or sent to another thread",
    note = "`stale`, `soft_timeout` and `detach` compute after the caller has gone: take the argument by \
            value (`Arc<T>` for `&T`, `Arc<dyn Trait>` for `&dyn Trait`), or derive `Clone` for its \
            type; of a method with `&self`, that is `Self`, or write `self: Arc<Self>`"
)]
pub trait OwnClone: Sized {
    /// Does nothing. A call compiles only if the argument implements this trait.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T: ToOwned + ?Sized> OwnClone for Owned<T> {}

/// First choice for a borrowed argument: the type can be cloned and sent to another thread.
pub trait Ownable<T: ToOwned + ?Sized> {
    /// Returns a clone of the argument.
    fn __cachekit_own(&self) -> Owned<T>;
}
impl<T: ToOwned + Sync + ?Sized> Ownable<T> for &Borrowed<'_, T>
where
    T::Owned: Send,
{
    fn __cachekit_own(&self) -> Owned<T> {
        Owned(self.0.to_owned())
    }
}

/// Second choice for a borrowed argument: the type cannot be cloned or sent to another thread.
pub trait AnyOwned<T: ?Sized> {
    /// Returns the stand-in for a clone, with which the program does not compile.
    fn __cachekit_own(&self) -> Unowned<T>;
}
impl<T: ?Sized> AnyOwned<T> for Borrowed<'_, T> {
    fn __cachekit_own(&self) -> Unowned<T> {
        Unowned(PhantomData)
    }
}

impl<T: ?Sized> fmt::Debug for Borrowed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Borrowed")
    }
}
impl<T: ToOwned + ?Sized> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owned")
    }
}
impl<T: ?Sized> fmt::Debug for Unowned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unowned")
    }
}
