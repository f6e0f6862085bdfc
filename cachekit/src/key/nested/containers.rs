//! Containers whose elements are written to a key one by one, each by `CacheKey` or `Display`:
//! options, sequences, sets, maps, pointers and tuples.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use crate::key::component::KeyWriter;
use crate::key::containers::{pair, sorted};
use crate::key::nested::{AsContainer, Container, Then, Writes};

impl<T, R> Container<R> for Option<T> {
    type Left = Then<T, R>;
}
impl<T, R: Writes<T>> Writes<Option<T>> for (AsContainer, R) {
    type Rest = R::Rest;
    fn write(value: &Option<T>, out: &mut KeyWriter<'_>) {
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
            fn write(value: &$ty, out: &mut KeyWriter<'_>) {
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
            fn write(value: &$ty, out: &mut KeyWriter<'_>) {
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
            fn write(value: &$ty, out: &mut KeyWriter<'_>) {
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
            fn write(value: &$ty, out: &mut KeyWriter<'_>) {
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
    fn write(value: &Cow<'_, T>, out: &mut KeyWriter<'_>) {
        R::write(value, out);
    }
}

/// Implements `Container` and `Writes` for tuples. Each element of a tuple in a key is then written
/// by its own `CacheKey` or `Display`, in the order of the tuple.
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
            fn write(value: &($($name,)*), out: &mut KeyWriter<'_>) {
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
