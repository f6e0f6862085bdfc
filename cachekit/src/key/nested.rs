//! Values that have no `CacheKey` as a whole, but whose elements have `CacheKey` or `Display`.
//!
//! An `Option<NaiveDate>`, for example, has neither `CacheKey` nor `Display` without the feature
//! `chrono`, and an `impl<T: Display> CacheKey for Option<T>` cannot exist beside the `impl` for
//! `T: CacheKey`. Only generated code knows the type of an argument and can find out which of the
//! two traits the type has. To do so, the generated code calls a method on a chain of types, each
//! of which derefs to the next. The compiler takes the method of the first type whose `impl` has
//! its bounds met. By a sequence of such calls, a *walk*, the generated code takes a type apart
//! into its containers and elements, one type for each call.
//!
//! The state of a walk consists of the types that are left, and of a list with a mark for each type
//! before them. The list, in the order in which the type is read, says by which trait each part of
//! a value is written. The text is equal to the text that the same containers have if all their
//! elements are `CacheKey`.
//!
//! The compiler chooses by types and not by traits in scope, and a finished walk has a type of its
//! own. Most walks end after one call, and each call for each argument costs compile time.

#![expect(
    clippy::unused_self,
    reason = "a method is what the compiler looks for, whatever is in it"
)]

pub(crate) mod containers;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::key::buf::KeyBuf;
use crate::key::component::{CacheKey, KeyWriter};

/// A list of types: `T` is the next type of a walk, and `R` has the types after `T`.
pub struct Then<T: ?Sized, R>(PhantomData<fn() -> (R, *const T)>);

/// Marks, in the list of a walk, a type whose values are written by their `CacheKey`.
#[derive(Debug)]
pub struct AsPart;

/// Marks, in the list of a walk, a type whose values are written by their `Display`.
#[derive(Debug)]
pub struct AsDisplay;

/// Marks, in the list of a walk, a container whose elements are written one by one. The marks of
/// the elements' types follow.
#[derive(Debug)]
pub struct AsContainer;

/// Marks, in the list of a walk, a type whose values cannot be written. A program with such a type
/// does not compile.
#[derive(Debug)]
pub struct AsNothing;

/// The state of a walk that has come to the type `T`, and the first choice: the method of this type
/// exists if `T` has `CacheKey`, and otherwise the compiler tries `ByDisplay`. `R` has the types
/// that are left to the walk, and `F` the marks of the types before `T`.
pub struct ByPart<T: ?Sized, R, F>(ByDisplay<T, R, F>);

/// The second choice of a walk that has come to the type `T`. The method of this type exists if `T`
/// has `Display`; otherwise the compiler tries `ByElements`.
pub struct ByDisplay<T: ?Sized, R, F>(ByElements<T, R, F>);

/// The third choice of a walk that has come to the type `T`. The method of this type exists if `T`
/// is a `Container`; otherwise the compiler takes `ByNothing`.
pub struct ByElements<T: ?Sized, R, F>(ByNothing<T, R, F>);

/// The last choice of a walk that has come to the type `T`, which cannot be written. A call of this
/// type's method is a compile error.
pub struct ByNothing<T: ?Sized, R, F>(Then<T, (R, F)>);

/// The state of a walk that has come to its end. `F` has the marks of all types.
pub struct Done<F>(PhantomData<fn() -> F>);

/// The list of the types that are left to a walk, which has found the marks `F` so far.
pub trait Left<F> {
    /// The state of the walk at the first type of this list, or at the walk's end if the list is
    /// empty.
    type Walk;
    /// Creates the state of the walk at the first type of this list.
    fn walk() -> Self::Walk;
}
impl<F> Left<F> for () {
    type Walk = Done<F>;
    fn walk() -> Done<F> {
        Done(PhantomData)
    }
}
impl<T: ?Sized, R, F> Left<F> for Then<T, R> {
    type Walk = ByPart<T, R, F>;
    fn walk() -> ByPart<T, R, F> {
        ByPart(ByDisplay(ByElements(ByNothing(Then(PhantomData)))))
    }
}

/// A list of marks to which the mark `More` can be appended.
pub trait With<More> {
    /// The list of marks with `More` at its end.
    type List;
}
impl<More> With<More> for () {
    type List = (More, ());
}
impl<First, Rest: With<More>, More> With<More> for (First, Rest) {
    type List = (First, Rest::List);
}

/// Begins a walk over the type of a value. The argument only gives the type.
pub fn over<T: ?Sized>(_: &T) -> ByPart<T, (), ()> {
    Then::<T, ()>::walk()
}

impl<F> Done<F> {
    /// Returns the finished walk itself: further steps change nothing.
    pub fn __cachekit_step(self) -> Self {
        self
    }

    /// Appends `value` to `key` as an argument, by the marks of the walk. `stop` is the first byte
    /// of the literal that follows the argument, or 0 if no literal follows.
    #[inline]
    pub fn __cachekit_write<T: ?Sized>(self, key: &mut KeyBuf, stop: u8, value: &T)
    where
        F: Writes<T>,
    {
        key.part_by(stop, |out| F::write(value, out));
    }

    /// Writes `value` as an element of a composite, by the marks of the walk.
    pub fn __cachekit_field<T: ?Sized>(self, out: &mut KeyWriter<'_>, value: &T)
    where
        F: Writes<T>,
    {
        out.inner(|inner| F::write(value, inner));
    }
}

impl<T, R, F> ByPart<T, R, F>
where
    T: CacheKey + ?Sized,
    F: With<AsPart>,
    R: Left<F::List>,
{
    /// Marks this type as written by its `CacheKey`, and continues the walk at the next type.
    pub fn __cachekit_step(&self) -> R::Walk {
        R::walk()
    }
}

impl<T, R, F> ByDisplay<T, R, F>
where
    T: fmt::Display + ?Sized,
    F: With<AsDisplay>,
    R: Left<F::List>,
{
    /// Marks this type as written by its `Display`, and continues the walk at the next type.
    pub fn __cachekit_step(&self) -> R::Walk {
        R::walk()
    }
}

impl<T, R, F> ByElements<T, R, F>
where
    T: Container<R> + ?Sized,
    F: With<AsContainer>,
    T::Left: Left<F::List>,
{
    /// Marks this type as a container, and continues the walk at the types of its elements.
    pub fn __cachekit_step(&self) -> <T::Left as Left<F::List>>::Walk {
        T::Left::walk()
    }
}

impl<T, R, F> ByNothing<T, R, F>
where
    T: ?Sized,
    F: With<AsNothing>,
    R: Left<F::List>,
{
    /// Marks this type as one that cannot be written, and continues the walk. The program thus has
    /// a single compile error, with the words of the bound.
    pub fn __cachekit_step(&self) -> R::Walk
    where
        CacheKeyOrDisplay: ImplementedBy<T>,
    {
        R::walk()
    }
}

/// A walk that did not reach its end, because its type contains too many types. The compile error
/// has the words of the bound `Shallow`.
impl<T: ?Sized, R, F> ByNothing<T, R, F> {
    /// Causes the compile error. No code can call this method, because no type meets its bound.
    pub fn __cachekit_write<V: ?Sized + Shallow>(&self, _: &mut KeyBuf, _: u8, _: &V) {}

    /// Causes the compile error. No code can call this method, because no type meets its bound.
    pub fn __cachekit_field<V: ?Sized + Shallow>(&self, _: &mut KeyWriter<'_>, _: &V) {}
}

impl<T: ?Sized, R, F> Deref for ByPart<T, R, F> {
    type Target = ByDisplay<T, R, F>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
impl<T: ?Sized, R, F> Deref for ByDisplay<T, R, F> {
    type Target = ByElements<T, R, F>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
impl<T: ?Sized, R, F> Deref for ByElements<T, R, F> {
    type Target = ByNothing<T, R, F>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The requirement on the type of a value that generated code writes: the type has `CacheKey` or
/// `Display`.
#[derive(Debug)]
pub struct CacheKeyOrDisplay;

/// A trait that no type implements: a bound by this trait causes the compile error for `T`. The
/// bound is not on `T` itself, because the compiler would offer to add such a bound to a type
/// parameter.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a key",
    label = "`{T}` implements neither `CacheKey` nor `Display`",
    note = "a type of your own: derive `cachekit::CacheKey` for it; a type parameter: bound it by that",
    note = "any type: name a field or a method of the argument (`{{arg.id}}`, `{{arg.id()}}`), write \
            `key = expr(..)`, or leave the argument out with `skip(..)` if it cannot change the result"
)]
pub trait ImplementedBy<T: ?Sized> {}

/// A type whose elements are written one by one. `R` has the types that are left to the walk after
/// this type.
pub trait Container<R> {
    /// The types of the elements, followed by those of `R`.
    type Left;
}

/// A list of marks of a walk that begins with the mark of `T`.
pub trait Writes<T: ?Sized> {
    /// The marks of the types after `T` and its elements.
    type Rest;
    /// Writes `value` into an argument by `out`, as the marks say.
    fn write(value: &T, out: &mut KeyWriter<'_>);
}

impl<T: CacheKey + ?Sized, R> Writes<T> for (AsPart, R) {
    type Rest = R;
    #[inline]
    fn write(value: &T, out: &mut KeyWriter<'_>) {
        value.write_key(out);
    }
}
impl<T: fmt::Display + ?Sized, R> Writes<T> for (AsDisplay, R) {
    type Rest = R;
    fn write(value: &T, out: &mut KeyWriter<'_>) {
        out.display(value);
    }
}
impl<T: ?Sized, R> Writes<T> for (AsNothing, R) {
    type Rest = R;
    fn write(_: &T, _: &mut KeyWriter<'_>) {}
}

/// A type that contains few enough types for a walk. No type implements this trait: a bound by it
/// causes the compile error for a type with too many types.
#[diagnostic::on_unimplemented(
    message = "too many types are in `{Self}` for a key",
    label = "of these, not all can be looked at",
    note = "put it into a struct with `#[derive(cachekit::CacheKey)]`, or write `key = expr(..)`"
)]
pub trait Shallow {}

impl<F> fmt::Debug for Done<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}
impl<T: ?Sized, R> fmt::Debug for Then<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}
macro_rules! shown {
    ($($name:ident)*) => {$(
        impl<T: ?Sized, R, F> fmt::Debug for $name<T, R, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
shown!(ByPart ByDisplay ByElements ByNothing);
