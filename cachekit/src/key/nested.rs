//! Arguments of a key that have no `CacheKey` as a whole, but whose elements have `CacheKey` or
//! `Display`.
//!
//! For example, an `Option<NaiveDate>` has neither `CacheKey` nor `Display` without the feature
//! `chrono`. An `impl<T: Display> CacheKey for Option<T>` cannot exist beside the `impl` for `T:
//! CacheKey`. Only generated code knows the type of an argument, and can find out which of the two
//! traits the type has. For this purpose, the generated code calls a method on a chain of wrapper
//! types, each of which derefs to the next. The compiler takes the method of the first wrapper type
//! whose `impl` has its bounds met. A sequence of such calls is a *walk* over the type of an
//! argument: each call decides about one type, and replaces a container by the types of its
//! elements.
//!
//! The state of a walk consists of the types that are left, and of a list of marks, with a mark for
//! each type that the walk has decided about. The marks say, in the order of the types, by which
//! trait each part of a value is written. The text is equal to the text that the same containers
//! have if all their elements are `CacheKey`.
//!
//! The generated code need not import the two traits, because the compiler selects the method by
//! the wrapper types. A finished walk has a type of its own. Most walks end after one call, and
//! each call for each argument costs compile time.

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

/// A type-level list of types about which generated code has not decided by which trait they are
/// written to a key. `T` is the first type of the list, and `R` is the list of the types after `T`.
pub struct Then<T: ?Sized, R>(PhantomData<fn() -> (R, *const T)>);

/// A compile-time mark for a type in a key argument: values of the type are written by `CacheKey`.
#[derive(Debug)]
pub struct AsPart;

/// A compile-time mark for a type in a key argument: values of the type are written by `Display`.
#[derive(Debug)]
pub struct AsDisplay;

/// A compile-time mark for a container in a key argument: the elements of the container are written
/// one by one. The marks of the elements' types follow in the list.
#[derive(Debug)]
pub struct AsContainer;

/// A compile-time mark for a type in a key argument that has neither `CacheKey` nor `Display` and
/// is no container. A program with such a type does not compile.
#[derive(Debug)]
pub struct AsNothing;

/// The first choice for the type `T` in a key argument: writing by `CacheKey`. The method of this
/// type exists if `T` has `CacheKey`; otherwise the compiler tries `ByDisplay`. `R` has the types
/// of the argument that come after `T`, and `F` the marks of the types before `T`.
pub struct ByPart<T: ?Sized, R, F>(ByDisplay<T, R, F>);

/// The second choice for the type `T` in a key argument: writing by `Display`. The method of this
/// type exists if `T` has `Display`; otherwise the compiler tries `ByElements`.
pub struct ByDisplay<T: ?Sized, R, F>(ByElements<T, R, F>);

/// The third choice for the type `T` in a key argument: writing the elements one by one. The method
/// of this type exists if `T` is a `Container`; otherwise the compiler takes `ByNothing`.
pub struct ByElements<T: ?Sized, R, F>(ByNothing<T, R, F>);

/// The last choice for the type `T` in a key argument, which can be written neither by `CacheKey`,
/// nor by `Display`, nor by its elements. A call of the method of this type is a compile error.
pub struct ByNothing<T: ?Sized, R, F>(Then<T, (R, F)>);

/// The result of the compile-time choice of traits for a key argument. `F` has a mark for each type
/// in the argument, which says by which trait the type is written.
pub struct Done<F>(PhantomData<fn() -> F>);

/// A type-level list of the types in a key argument that have no mark yet. The types before them
/// have the marks `F`.
pub trait Left<F> {
    /// The state of the compile-time walk at the first type of this list: `ByPart`, or `Done` if
    /// the list is empty.
    type Walk;
    /// Creates the state of the compile-time walk at the first type of this list.
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

/// A type-level list of marks, which say how each type in a key argument is written. The mark
/// `More` can be appended to the list.
pub trait With<More> {
    /// The type-level list of marks with `More` at its end.
    type List;
}
impl<More> With<More> for () {
    type List = (More, ());
}
impl<First, Rest: With<More>, More> With<More> for (First, Rest) {
    type List = (First, Rest::List);
}

/// Begins the compile-time choice of the traits by which a value of the type `T` is written to a
/// key. The argument serves only to infer `T`.
pub fn over<T: ?Sized>(_: &T) -> ByPart<T, (), ()> {
    Then::<T, ()>::walk()
}

impl<F> Done<F> {
    /// Returns `self` unchanged, because each type in the key argument already has its mark.
    pub fn __cachekit_step(self) -> Self {
        self
    }

    /// Appends `value` to `key` as an argument, each part by the trait that its mark in `F` names.
    /// `stop` is the first byte of the literal that follows the argument, or 0 if no literal
    /// follows.
    #[inline]
    pub fn __cachekit_write<T: ?Sized>(self, key: &mut KeyBuf, stop: u8, value: &T)
    where
        F: Writes<T>,
    {
        key.part_by(stop, |out| F::write(value, out));
    }

    /// Writes `value` as an element of a tuple, sequence or struct in a key, each part by the trait
    /// that its mark in `F` names.
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
    /// Marks the type `T` as written by `CacheKey`, and continues with the next type of the key
    /// argument.
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
    /// Marks the type `T` as written by `Display`, and continues with the next type of the key
    /// argument.
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
    /// Marks the type `T` as a container, and continues with the types of its elements.
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
    /// Marks the type `T` as one that cannot be written to a key, and continues with the next type.
    /// The bound makes the program fail to compile, with a single error, whose message the trait
    /// `ImplementedBy` defines.
    pub fn __cachekit_step(&self) -> R::Walk
    where
        CacheKeyOrDisplay: ImplementedBy<T>,
    {
        R::walk()
    }
}

/// A key argument that contains too many types, so that the generated calls did not reach the last
/// of them. The trait `Shallow` defines the message of the compile error.
impl<T: ?Sized, R, F> ByNothing<T, R, F> {
    /// Causes the compile error for a key argument with too many types. No code can call this
    /// method, because no type implements `Shallow`.
    pub fn __cachekit_write<V: ?Sized + Shallow>(&self, _: &mut KeyBuf, _: u8, _: &V) {}

    /// Causes the compile error for a key argument with too many types. No code can call this
    /// method, because no type implements `Shallow`.
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

/// The subject of a compile error for a type in a key argument that has neither `CacheKey` nor
/// `Display`. Generated code requires that this struct is `ImplementedBy` the type.
#[derive(Debug)]
pub struct CacheKeyOrDisplay;

/// A trait that no type implements. A bound by this trait causes the compile error for a type `T`
/// that cannot be written to a key. The bound is not on `T` itself, because the compiler would then
/// offer to add the bound to a type parameter.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a key",
    label = "`{T}` implements neither `CacheKey` nor `Display`",
    note = "a type of your own: derive `cachekit::CacheKey` for it; a type parameter: bound it by that",
    note = "any type: name a field or a method of the argument (`{{arg.id}}`, `{{arg.id()}}`), write \
            `key = expr(..)`, or leave the argument out with `skip(..)` if it cannot change the result"
)]
pub trait ImplementedBy<T: ?Sized> {}

/// A type in a key argument whose elements are written one by one. `R` has the types of the
/// argument that come after this type.
pub trait Container<R> {
    /// The types of the container's elements, followed by the types in `R`.
    type Left;
}

/// A type-level list of marks that says by which trait each part of a value of the type `T` is
/// written to a key. The first mark of the list is that of `T`.
pub trait Writes<T: ?Sized> {
    /// The type-level list of the marks that follow the marks of `T` and of its elements.
    type Rest;
    /// Writes `value` to `out` as a part of a key argument, each part by the trait that its mark
    /// names.
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

/// A bound for a type with so few types in it that generated code can choose a trait for each. No
/// type implements this trait: the bound causes the compile error for a key argument with too many
/// types.
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
