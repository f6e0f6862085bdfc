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

/// A list of types, as a type that only the compiler uses. For each type in the list, the compiler
/// must still find out if it is written to a key by `CacheKey` or by `Display`. `T` is the first
/// type, and `R` is the list of the types after `T`.
pub struct Then<T: ?Sized, R>(PhantomData<fn() -> (R, *const T)>);

/// The result of the compiler's choice for a type in a key argument: values of the type are written
/// to the key by `CacheKey`.
#[derive(Debug)]
pub struct AsPart;

/// The marker that method resolution selects for a type in a key argument if values of the type are
/// written to the key by `Display`.
#[derive(Debug)]
pub struct AsDisplay;

/// The result of the compiler's choice for a container (such as `Vec` or a tuple) in a key
/// argument: its elements are written to the key one by one. The results for the elements' types
/// follow.
#[derive(Debug)]
pub struct AsContainer;

/// The result of the compiler's choice for a type in a key argument that has neither `CacheKey` nor
/// `Display` and is no container. A program with such a type does not compile.
#[derive(Debug)]
pub struct AsNothing;

/// The first choice for a type `T` in a key argument: writing by `CacheKey`. If `T` has no
/// `CacheKey`, the compiler tries `ByDisplay`. `R` lists the types of the argument that come after
/// `T`, and `F` the results for the types before `T`.
pub struct ByPart<T: ?Sized, R, F>(ByDisplay<T, R, F>);

/// The second choice for a type `T` in a key argument: writing by `Display`. If `T` has no
/// `Display`, the compiler tries `ByElements`.
pub struct ByDisplay<T: ?Sized, R, F>(ByElements<T, R, F>);

/// The third choice for a type `T` in a key argument: writing the elements of a container one by
/// one. If `T` is no `Container`, the compiler takes `ByNothing`.
pub struct ByElements<T: ?Sized, R, F>(ByNothing<T, R, F>);

/// The last choice for a type `T` in a key argument: `T` can be written neither by `CacheKey`, nor
/// by `Display`, nor by its elements. A program with such a type does not compile.
pub struct ByNothing<T: ?Sized, R, F>(Then<T, (R, F)>);

/// The end of the compiler's choice for a key argument. `F` lists, for each type in the argument,
/// whether it is written by `CacheKey`, by `Display` or by its elements.
pub struct Done<F>(PhantomData<fn() -> F>);

/// A list of the types in a key argument, as a type that only the compiler uses: the types for
/// which the compiler has not chosen `CacheKey` or `Display` yet. `F` lists the results for the
/// types before them.
pub trait Left<F> {
    /// The type by which the compiler chooses for the first type of this list: `ByPart`, or `Done`
    /// if the list is empty.
    type Walk;
    /// Creates the value whose methods make the compiler choose `CacheKey` or `Display` for the
    /// first type of this list.
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

/// A list of results, as a type that only the compiler uses. A result says if a type in a key
/// argument is written by `CacheKey`, by `Display` or by its elements. This trait appends the
/// result `More` to the list.
pub trait With<More> {
    /// This list with `More`, the result for a further type in the key argument, at its end.
    type List;
}
impl<More> With<More> for () {
    type List = (More, ());
}
impl<First, Rest: With<More>, More> With<More> for (First, Rest) {
    type List = (First, Rest::List);
}

/// Begins the compiler's choice of `CacheKey` or `Display` for a value of the type `T`, which is
/// written to a key. The argument serves only to infer `T`.
pub fn over<T: ?Sized>(_: &T) -> ByPart<T, (), ()> {
    Then::<T, ()>::walk()
}

impl<F> Done<F> {
    /// Returns `self` unchanged, because the compiler has chosen `CacheKey` or `Display` for each
    /// type in the key argument.
    pub fn __cachekit_step(self) -> Self {
        self
    }

    /// Appends `value` to `key` as an argument. The type parameter `F` is the compiler's choice,
    /// `CacheKey` or `Display`, for each type that `value` consists of. `stop` is the first byte of
    /// the literal that follows the argument, or 0 if no literal follows.
    #[inline]
    pub fn __cachekit_write<T: ?Sized>(self, key: &mut KeyBuf, stop: u8, value: &T)
    where
        F: Writes<T>,
    {
        key.part_by(stop, |out| F::write(value, out));
    }

    /// Writes `value` as an element of a tuple, sequence or struct in a key. Each part of the value
    /// is written by the trait that `F` lists for it, `CacheKey` or `Display`.
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
    /// Chooses `CacheKey` for the type `T` in a key argument, and continues with the next type of
    /// the argument.
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
    /// Chooses `Display` for the type `T` in a key argument, and continues with the next type of
    /// the argument.
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
    /// Chooses to write the type `T`, a container in a key argument, by its elements, and continues
    /// with the types of the elements.
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
    /// Causes a compile error for the type `T`, which has neither `CacheKey` nor `Display` and so
    /// cannot be in a key. Continues with the next type of the key argument, so that the compiler
    /// reports no further error about `T`.
    pub fn __cachekit_step(&self) -> R::Walk
    where
        CacheKeyOrDisplay: ImplementedBy<T>,
    {
        R::walk()
    }
}

/// A key argument with too many types in it, such as a deeply nested tuple. Generated code makes
/// only sixteen calls, and each call chooses `CacheKey` or `Display` for one type. The trait
/// `Shallow` defines the message of the compile error.
impl<T: ?Sized, R, F> ByNothing<T, R, F> {
    /// Causes the compile error for a key argument with too many types in it. No code can call this
    /// method, because no type implements the trait `Shallow`.
    pub fn __cachekit_write<V: ?Sized + Shallow>(&self, _: &mut KeyBuf, _: u8, _: &V) {}

    /// Causes the compile error for a key argument with too many types in it. No code can call this
    /// method, because no type implements the trait `Shallow`.
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

/// A name in a compile error. The error says that a type in a key argument needs `CacheKey` or
/// `Display`. Generated code requires `CacheKeyOrDisplay: ImplementedBy<T>`, which holds for no
/// type `T`, if `T` has neither trait.
#[derive(Debug)]
pub struct CacheKeyOrDisplay;

/// A trait that no type implements. Generated code requires this trait to cause the compile error
/// for a type `T` that cannot be written to a key. The requirement is not on `T` itself, because
/// the compiler would then advise to add it to a type parameter.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a key",
    label = "`{T}` implements neither `CacheKey` nor `Display`",
    note = "a type of your own: derive `cachekit::CacheKey` for it; a type parameter: bound it by that",
    note = "any type: name a field or a method of the argument (`{{arg.id}}`, `{{arg.id()}}`), write \
            `key = expr(..)`, or leave the argument out with `skip(..)` if it cannot change the result"
)]
pub trait ImplementedBy<T: ?Sized> {}

/// A container in a key argument, such as `Vec` or a tuple, whose elements are written to the key
/// one by one. `R` lists the types of the argument that come after the container.
pub trait Container<R> {
    /// The types of the container's elements, followed by the types in `R`.
    type Left;
}

/// A list of results, as a type that only the compiler uses. For each part of a value of the type
/// `T`, a result says by which trait the part is written to a key. The first result is for `T`
/// itself.
pub trait Writes<T: ?Sized> {
    /// The results of this list after those for `T` and its elements. They are for further types in
    /// the same key argument.
    type Rest;
    /// Writes `value` to `out` as a part of a key argument. Each part of the value is written by
    /// the trait that this list names, `CacheKey` or `Display`.
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

/// A requirement that a type in a key argument contains few enough other types. No type implements
/// this trait. Generated code requires the trait only for a key argument with too many types, to
/// cause the compile error.
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
