//! Values that are no parts of keys as a whole: what is in them may be, by `CachePart` or by
//! `Display`.
//!
//! `Option<NaiveDate>` is neither, and an `impl<T: Display> CachePart for Option<T>` cannot stand
//! beside that for `T: CachePart`. Which of the two a type has can be asked only where the type is
//! known, in generated code, by autoref dispatch. So that code takes a type apart in steps, each a
//! dispatch of its own. A [`Walk`] has the types that are left, and what was found for those before
//! them: a list, in the order in which the type is read, that says how a value is written. It is
//! written as the same containers are where all in them is `CachePart`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use super::buf::KeyBuf;
use super::part::{CachePart, PartWriter};
use super::values::{pair, sorted};

/// A type, and those after it.
pub struct Then<T: ?Sized, R>(PhantomData<fn() -> (R, *const T)>);

/// By its `CachePart`.
#[derive(Debug)]
pub struct AsPart;

/// By its `Display`.
#[derive(Debug)]
pub struct AsDisplay;

/// By its elements, which come next.
#[derive(Debug)]
pub struct AsContainer;

/// Not at all: a program with it does not compile.
#[derive(Debug)]
pub struct AsNothing;

/// The types that are left, and what was found.
pub struct Walk<Left, Found>(PhantomData<fn() -> (Left, Found)>);

impl<T: ?Sized> Walk<Then<T, ()>, ()> {
    /// Its beginning, for the type of this value.
    pub fn over(_: &T) -> Self {
        Self::new()
    }
}

impl<Left, Found> Walk<Left, Found> {
    fn new() -> Self {
        Walk(PhantomData)
    }
}

/// A list with one more at its end.
pub trait With<More> {
    /// That list.
    type List;
}
impl<More> With<More> for () {
    type List = (More, ());
}
impl<First, Rest: With<More>, More> With<More> for (First, Rest) {
    type List = (First, Rest::List);
}

/// Nothing is left to do.
pub trait StepDone<F> {
    /// Stays.
    fn __cachekit_step(&self) -> Walk<(), F>;
}
impl<F> StepDone<F> for &&&&Walk<(), F> {
    fn __cachekit_step(&self) -> Walk<(), F> {
        Walk::new()
    }
}

/// First choice.
pub trait StepPart<R, F> {
    /// Goes on.
    fn __cachekit_step(&self) -> Walk<R, F>;
}
impl<T, R, F> StepPart<R, F::List> for &&&Walk<Then<T, R>, F>
where
    T: CachePart + ?Sized,
    F: With<AsPart>,
{
    fn __cachekit_step(&self) -> Walk<R, F::List> {
        Walk::new()
    }
}

/// Second choice.
pub trait StepDisplay<R, F> {
    /// Goes on.
    fn __cachekit_step(&self) -> Walk<R, F>;
}
impl<T, R, F> StepDisplay<R, F::List> for &&Walk<Then<T, R>, F>
where
    T: fmt::Display + ?Sized,
    F: With<AsDisplay>,
{
    fn __cachekit_step(&self) -> Walk<R, F::List> {
        Walk::new()
    }
}

/// Third choice.
pub trait StepInto<L, F> {
    /// Goes on with the elements.
    fn __cachekit_step(&self) -> Walk<L, F>;
}
impl<T, R, F> StepInto<T::Left, F::List> for &Walk<Then<T, R>, F>
where
    T: Container<R> + ?Sized,
    F: With<AsContainer>,
{
    fn __cachekit_step(&self) -> Walk<T::Left, F::List> {
        Walk::new()
    }
}

/// No choice left: the bound on the method gives the error its words.
pub trait StepNowhere<T: ?Sized, R, F> {
    /// Goes on, so that there is one error.
    fn __cachekit_step(&self) -> Walk<R, F>
    where
        T: InKey;
}
impl<T, R, F> StepNowhere<T, R, F::List> for Walk<Then<T, R>, F>
where
    T: ?Sized,
    F: With<AsNothing>,
{
    fn __cachekit_step(&self) -> Walk<R, F::List>
    where
        T: InKey,
    {
        Walk::new()
    }
}

/// What generated code finds that it can write. Nobody implements it: asked for, it is the error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    label = "`{Self}` implements neither `CachePart` nor `Display`",
    note = "a type of your own: derive `cachekit::CachePart` for it",
    note = "any type: name a field or a method of the argument (`{{arg.id}}`, `{{arg.id()}}`), write \
            `key = expr(..)`, or leave the argument out with `skip(..)` if it cannot change the result"
)]
pub trait InKey {}

/// Holds elements that are written one by one.
pub trait Container<R> {
    /// Their types, and then `R`.
    type Left;
}

/// What a walk found for a value of type `T`, and for what comes after it.
pub trait Writes<T: ?Sized> {
    /// What is for those after it.
    type Rest;
    /// Writes the value.
    fn write(value: &T, out: &mut PartWriter<'_>);
}

impl<T: CachePart + ?Sized, R> Writes<T> for (AsPart, R) {
    type Rest = R;
    fn write(value: &T, out: &mut PartWriter<'_>) {
        value.write_part(out);
    }
}
impl<T: fmt::Display + ?Sized, R> Writes<T> for (AsDisplay, R) {
    type Rest = R;
    fn write(value: &T, out: &mut PartWriter<'_>) {
        out.display(value);
    }
}
impl<T: ?Sized, R> Writes<T> for (AsNothing, R) {
    type Rest = R;
    fn write(_: &T, _: &mut PartWriter<'_>) {}
}

impl<T, R> Container<R> for Option<T> {
    type Left = Then<T, R>;
}
impl<T, R: Writes<T>> Writes<Option<T>> for (AsContainer, R) {
    type Rest = R::Rest;
    fn write(value: &Option<T>, out: &mut PartWriter<'_>) {
        match value {
            Some(value) => out.present(|inner| R::write(value, inner)),
            None => out.absent(),
        }
    }
}

macro_rules! sequences {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<T, $($generics)* R> Container<R> for $ty {
            type Left = Then<T, R>;
        }
        impl<T, $($generics)* R: Writes<T>> Writes<$ty> for (AsContainer, R) {
            type Rest = R::Rest;
            fn write(value: &$ty, out: &mut PartWriter<'_>) {
                out.elements(value, R::write);
            }
        }
    )*};
}
sequences! {
    [] [T];
    [const N: usize,] [T; N];
    [] Vec<T>;
    [] VecDeque<T>;
}

macro_rules! sets {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<T, $($generics)* R> Container<R> for $ty {
            type Left = Then<T, R>;
        }
        impl<T, $($generics)* R: Writes<T>> Writes<$ty> for (AsContainer, R) {
            type Rest = R::Rest;
            fn write(value: &$ty, out: &mut PartWriter<'_>) {
                sorted(out, value, |item, out| R::write(item, out));
            }
        }
    )*};
}
sets! {
    [] BTreeSet<T>;
    [S,] HashSet<T, S>;
}

macro_rules! maps {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<K, V, $($generics)* R> Container<R> for $ty {
            type Left = Then<K, Then<V, R>>;
        }
        impl<K, V, $($generics)* R> Writes<$ty> for (AsContainer, R)
        where
            R: Writes<K>,
            R::Rest: Writes<V>,
        {
            type Rest = <R::Rest as Writes<V>>::Rest;
            fn write(value: &$ty, out: &mut PartWriter<'_>) {
                sorted(out, value, |(key, value), out| {
                    pair(out, |out| R::write(key, out), |out| R::Rest::write(value, out));
                });
            }
        }
    )*};
}
maps! {
    [] BTreeMap<K, V>;
    [S,] HashMap<K, V, S>;
}

macro_rules! pointers {
    ($($ty:ty),*) => {$(
        impl<T: ?Sized, R> Container<R> for $ty {
            type Left = Then<T, R>;
        }
        impl<T: ?Sized, R: Writes<T>> Writes<$ty> for (AsContainer, R) {
            type Rest = R::Rest;
            fn write(value: &$ty, out: &mut PartWriter<'_>) {
                R::write(value, out);
            }
        }
    )*};
}
pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: ToOwned + ?Sized, R> Container<R> for Cow<'_, T> {
    type Left = Then<T, R>;
}
impl<T: ToOwned + ?Sized, R: Writes<T>> Writes<Cow<'_, T>> for (AsContainer, R) {
    type Rest = R::Rest;
    fn write(value: &Cow<'_, T>, out: &mut PartWriter<'_>) {
        R::write(value, out);
    }
}

/// The types of a tuple one after the other, and what is found for them.
macro_rules! tuples {
    ($($first:ident $($name:ident)*;)*) => {$(
        impl<$first, $($name,)* R> Container<R> for ($first, $($name,)*) {
            type Left = tuples!(@left R; $first $($name)*);
        }
        tuples!(@writes [] [] [R] $first $($name)*);
    )*};
    (@left $rest:ident; $first:ident $($name:ident)*) => {
        Then<$first, tuples!(@left $rest; $($name)*)>
    };
    (@left $rest:ident;) => { $rest };
    (@writes [$($done:ident $found:ty,)*] [$($bound:tt)*] [$rest:ty] $first:ident $($name:ident)*) => {
        tuples! {
            @writes [$($done $found,)* $first $rest,] [$($bound)* $rest: Writes<$first>,]
            [<$rest as Writes<$first>>::Rest] $($name)*
        }
    };
    (@writes [$($name:ident $found:ty,)*] [$($bound:tt)*] [$rest:ty]) => {
        impl<$($name,)* R> Writes<($($name,)*)> for (AsContainer, R)
        where
            $($bound)*
        {
            type Rest = $rest;
            fn write(value: &($($name,)*), out: &mut PartWriter<'_>) {
                #[expect(non_snake_case, reason = "one name for a type and its value")]
                let ($($name,)*) = value;
                out.open();
                $(out.element_by(|inner| <$found as Writes<$name>>::write($name, inner));)*
                out.close();
            }
        }
    };
}
tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}

/// How a value is written, when its type was walked over.
pub trait Finish<T: ?Sized> {
    /// Writes an argument.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8, value: &T);
    /// Writes an element of a composite.
    fn __cachekit_field(&self, out: &mut PartWriter<'_>, value: &T);
}
impl<T: ?Sized, F: Writes<T>> Finish<T> for Walk<(), F> {
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8, value: &T) {
        key.part_by(stop, |out| F::write(value, out));
    }
    fn __cachekit_field(&self, out: &mut PartWriter<'_>, value: &T) {
        out.inner(|inner| F::write(value, inner));
    }
}

/// A walk that did not come to its end: the bound on the methods gives the error its words.
pub trait Unfinished<T: ?Sized> {
    /// Never gets here.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8, value: &T)
    where
        T: Shallow;
    /// Never gets here.
    fn __cachekit_field(&self, out: &mut PartWriter<'_>, value: &T)
    where
        T: Shallow;
}
impl<T: ?Sized, Left: ?Sized, R, F> Unfinished<T> for Walk<Then<Left, R>, F> {
    fn __cachekit_write(&self, _: &mut KeyBuf, _: u8, _: &T)
    where
        T: Shallow,
    {
    }
    fn __cachekit_field(&self, _: &mut PartWriter<'_>, _: &T)
    where
        T: Shallow,
    {
    }
}

/// Has few enough types in it. Nobody implements it: asked for, it is the error.
#[diagnostic::on_unimplemented(
    message = "too many types are in `{Self}` for a key",
    label = "of these, not all can be looked at",
    note = "put it into a struct with `#[derive(cachekit::CachePart)]`, or write `key = expr(..)`"
)]
pub trait Shallow {}

impl<Left, Found> fmt::Debug for Walk<Left, Found> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Walk")
    }
}
impl<T: ?Sized, R> fmt::Debug for Then<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}
