//! Values that have no `CacheKey` as a whole, but whose elements have `CacheKey` or `Display`.
//!
//! `Option<NaiveDate>` has neither, and an `impl<T: Display> CacheKey for Option<T>` cannot exist
//! beside that for `T: CacheKey`. Only generated code knows the type, and can find out which of the
//! two it has: the compiler looks for a method in one type after the other, as they deref, and takes
//! the first whose `impl` has its bounds met. So the code takes a type apart in steps, with a look-up
//! each. The state of a walk is the types that are left, and a list of what was found for those
//! before them. The list, in the order in which the type is read, says how a value is written. The
//! text is that which the same containers have if all their elements are `CacheKey`.
//!
//! Dispatch is by types and not by traits in scope, and the end has a state of its own: most walks
//! end at once, and each step of each argument costs compile time.

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

/// A type, and the types after it.
pub struct Then<T: ?Sized, R>(PhantomData<fn() -> (R, *const T)>);

/// Marks a type that is written by its `CacheKey`.
#[derive(Debug)]
pub struct AsPart;

/// Marks a type that is written by its `Display`.
#[derive(Debug)]
pub struct AsDisplay;

/// Marks a type that is written by its elements, which come next.
#[derive(Debug)]
pub struct AsContainer;

/// Marks a type that cannot be written; a program with it does not compile.
#[derive(Debug)]
pub struct AsNothing;

/// A walk at a type, with the first choice: `CacheKey`.
pub struct ByPart<T: ?Sized, R, F>(ByDisplay<T, R, F>);

/// The second choice: `Display`.
pub struct ByDisplay<T: ?Sized, R, F>(ByElements<T, R, F>);

/// The third choice: elements.
pub struct ByElements<T: ?Sized, R, F>(ByNothing<T, R, F>);

/// The end of the choices.
pub struct ByNothing<T: ?Sized, R, F>(Then<T, (R, F)>);

/// A walk at its end.
pub struct Done<F>(PhantomData<fn() -> F>);

/// The types that are left to a walk.
pub trait Left<F> {
    /// The state of the walk with these types left.
    type Walk;
    /// Creates that state.
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

/// A list to which `More` can be appended.
pub trait With<More> {
    /// The longer list.
    type List;
}
impl<More> With<More> for () {
    type List = (More, ());
}
impl<First, Rest: With<More>, More> With<More> for (First, Rest) {
    type List = (First, Rest::List);
}

/// Begins a walk over the type of this value.
pub fn over<T: ?Sized>(_: &T) -> ByPart<T, (), ()> {
    Then::<T, ()>::walk()
}

impl<F> Done<F> {
    /// Stays at the end.
    pub fn __cachekit_step(self) -> Self {
        self
    }

    /// Writes an argument.
    #[inline]
    pub fn __cachekit_write<T: ?Sized>(self, key: &mut KeyBuf, stop: u8, value: &T)
    where
        F: Writes<T>,
    {
        key.part_by(stop, |out| F::write(value, out));
    }

    /// Writes an element of a composite.
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
    /// Goes on to the next type.
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
    /// Goes on to the next type.
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
    /// Goes on to the elements.
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
    /// Goes on, so that the program has one error, with the words of the bound.
    pub fn __cachekit_step(&self) -> R::Walk
    where
        CacheKeyOrDisplay: ImplementedBy<T>,
    {
        R::walk()
    }
}

/// A walk that did not reach its end: the error has the words of the bounds.
impl<T: ?Sized, R, F> ByNothing<T, R, F> {
    /// Never called: no type meets the bound.
    pub fn __cachekit_write<V: ?Sized + Shallow>(&self, _: &mut KeyBuf, _: u8, _: &V) {}

    /// Never called: no type meets the bound.
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

/// The requirement on a value that generated code is to write.
#[derive(Debug)]
pub struct CacheKeyOrDisplay;

/// Implemented by no type: requiring it is the compile error. It is not a bound on `T` itself, which
/// the compiler would offer to add to a type parameter.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a key",
    label = "`{T}` implements neither `CacheKey` nor `Display`",
    note = "a type of your own: derive `cachekit::CacheKey` for it; a type parameter: bound it by that",
    note = "any type: name a field or a method of the argument (`{{arg.id}}`, `{{arg.id()}}`), write \
            `key = expr(..)`, or leave the argument out with `skip(..)` if it cannot change the result"
)]
pub trait ImplementedBy<T: ?Sized> {}

/// A type whose elements are written one by one.
pub trait Container<R> {
    /// The types of the elements, and then `R`.
    type Left;
}

/// The findings of a walk for a value of type `T`, and for what comes after it.
pub trait Writes<T: ?Sized> {
    /// The findings for the types after it.
    type Rest;
    /// Writes the value.
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

/// A type with few enough types in it. Implemented by no type: requiring it is the compile error.
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
