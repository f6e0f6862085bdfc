//! Autoref dispatch that finds whether a function's body can own a clone of a borrowed argument.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Wrapper around a borrowed argument. Generated code calls a method on the wrapper, and the
/// compiler takes the method that clones the argument if the argument can be cloned.
pub struct Borrowed<'a, T: ?Sized>(pub &'a T);

/// Clone of a borrowed argument, which the function's body owns.
pub struct Owned<T: ToOwned + ?Sized>(T::Owned);

impl<T: ToOwned + ?Sized> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.borrow()
    }
}

/// Type that generated code gets in place of a clone if an argument cannot be cloned. A program in
/// which this happens does not compile.
pub struct Unowned<T: ?Sized>(PhantomData<fn() -> *const T>);

impl<T: ?Sized> Deref for Unowned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        unreachable!("nobody has made one")
    }
}

/// Trait of the clones of arguments that a function's body can own. The type `Unowned`, which
/// generated code gets for an argument that cannot be cloned, does not implement this trait; this
/// causes the compile error.
#[diagnostic::on_unimplemented(
    message = "a computation in the background needs its own clone of this argument",
    label = "is borrowed, and its type cannot be cloned or sent to another thread",
    note = "`stale`, `soft_timeout` and `detach` compute after the caller has gone: take the argument by \
            value (`Arc<T>` for `&T`, `Arc<dyn Trait>` for `&dyn Trait`), or derive `Clone` for its \
            type; of a method with `&self`, that is `Self`, or write `self: Arc<Self>`"
)]
pub trait OwnClone: Sized {
    /// Does nothing. A call of this method compiles only if the argument's type implements this
    /// trait, `OwnClone`.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T: ToOwned + ?Sized> OwnClone for Owned<T> {}

/// First choice for a borrowed argument: its type can be cloned, and the clone can be sent to
/// another thread.
pub trait Ownable<T: ToOwned + ?Sized> {
    /// Returns a clone of the borrowed argument.
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

/// Second choice for a borrowed argument: its type cannot be cloned, or the clone cannot be sent to
/// another thread.
pub trait AnyOwned<T: ?Sized> {
    /// Returns `Unowned` in place of a clone. A program that uses `Unowned` does not compile.
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
