//! Whether a value that a key does not mention could matter.
//!
//! A value may go unmentioned if its type is `Shared`, or if it is borrowed and nothing about
//! its type looks like data: it implements none of the traits below. A database pool by
//! reference passes, an id does not. A value of its own has to be mentioned whatever its type
//! is: a struct that implements nothing may hold who is asking.
//!
//! Both questions are asked by the compiler's choice of a method. Pointers are taken off by
//! inherent methods, with a trait for whatever is no pointer; then each trait is tried one
//! reference deeper than the next, and the first that fits decides.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::{self, Display};
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::Shared;
use crate::key::component::CacheKey;

/// The function has it for itself.
#[derive(Debug)]
pub struct Owned;

/// It stands behind a reference, or is a handle by its form.
#[derive(Debug)]
pub struct Borrowed;

/// A value, looked at.
pub struct ArgKind<'a, T: ?Sized, M>(&'a T, PhantomData<M>);

impl<'a, T: ?Sized> ArgKind<'a, T, Owned> {
    /// One that the function has for itself.
    pub fn owned(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<'a, T: ?Sized> ArgKind<'a, T, Borrowed> {
    /// One that it is lent.
    pub fn borrowed(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<T: ?Sized, M> fmt::Debug for ArgKind<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen")
    }
}

macro_rules! pointers {
    ($($pointer:ty: $mode:ty;)*) => {$(
        impl<'a, T: ?Sized, M> ArgKind<'a, $pointer, M> {
            /// What it points at.
            pub fn __cachekit_inside(self) -> ArgKind<'a, T, $mode> {
                ArgKind(self.0, PhantomData)
            }
        }
    )*};
}

pointers! {
    &T: Borrowed;
    &mut T: Borrowed;
    Arc<T>: M;
    Box<T>: M;
    Rc<T>: M;
}

impl<'a, T: ToOwned + ?Sized, M> ArgKind<'a, Cow<'_, T>, M> {
    /// What it points at.
    pub fn __cachekit_inside(self) -> ArgKind<'a, T, M> {
        ArgKind(self.0, PhantomData)
    }
}

/// It is no pointer.
pub trait NoPointer: Sized {
    /// Itself.
    fn __cachekit_inside(self) -> Self {
        self
    }
}
impl<T: ?Sized, M> NoPointer for ArgKind<'_, T, M> {}

/// Could change the result.
#[derive(Debug)]
pub struct Uncovered<T: ?Sized>(PhantomData<T>);

/// May go unmentioned.
#[derive(Debug)]
pub struct Handle;

/// The same wherever it comes from.
pub trait ViaShared {
    /// It makes no difference.
    fn __cachekit_kind(&self) -> Handle {
        Handle
    }
}

macro_rules! data_like {
    ($($(#[$cfg:meta])? $via:ident at $depth:ty, $bound:path;)*) => {$(
        #[doc = concat!("Data: it implements `", stringify!($bound), "`.")]
        $(#[$cfg])?
        pub trait $via<T: ?Sized> {
            /// It could matter.
            fn __cachekit_kind(&self) -> Uncovered<T> {
                Uncovered(PhantomData)
            }
        }
        $(#[$cfg])?
        impl<T: $bound + ?Sized, M> $via<T> for $depth {}
    )*};
}

impl<T: Shared + ?Sized, M> ViaShared for &&&&&&&&&&ArgKind<'_, T, M> {}

data_like! {
    ViaPart at &&&&&&&&&ArgKind<'_, T, M>, CacheKey;
    ViaDisplay at &&&&&&&&ArgKind<'_, T, M>, Display;
    ViaHash at &&&&&&&ArgKind<'_, T, M>, Hash;
    ViaEq at &&&&&&ArgKind<'_, T, M>, PartialEq;
    ViaText at &&&&&ArgKind<'_, T, M>, AsRef<str>;
    #[cfg(feature = "serde")]
    ViaSerialize at &&&&ArgKind<'_, T, M>, serde::Serialize;
    #[cfg(feature = "serde")]
    ViaDeserialize at &&&ArgKind<'_, T, M>, ReadBack;
    ViaItems at &&ArgKind<'_, T, M>, Items;
}

/// What serde can make.
#[cfg(feature = "serde")]
pub trait ReadBack {}
#[cfg(feature = "serde")]
impl<T: serde::de::DeserializeOwned> ReadBack for T {}

/// What holds or gives others is data whatever those implement.
pub trait Items {}
impl<T: Items + ?Sized> Items for &T {}
impl<T> Items for [T] {}
impl<T, const N: usize> Items for [T; N] {}
impl<T> Items for Option<T> {}
impl<T, E> Items for Result<T, E> {}
impl<T> Items for Vec<T> {}
impl<T> Items for VecDeque<T> {}
impl<T> Items for LinkedList<T> {}
impl<T> Items for BinaryHeap<T> {}
impl<T> Items for BTreeSet<T> {}
impl<K, V> Items for BTreeMap<K, V> {}
impl<T, H> Items for HashSet<T, H> {}
impl<K, V, H> Items for HashMap<K, V, H> {}

macro_rules! tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name),+> Items for ($($name,)+) {}
    )*};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F)
(A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }

/// An iterator is a container on its way.
pub trait ViaIterator<T: ?Sized> {
    /// It could matter.
    fn __cachekit_kind(&self) -> Uncovered<T> {
        Uncovered(PhantomData)
    }
}
impl<T: Iterator + ?Sized, M> ViaIterator<T> for &ArgKind<'_, T, M> {}

/// Nothing of the kind.
pub trait ViaNothing<K> {
    /// What that means.
    fn __cachekit_kind(&self) -> K;
}
impl<T: ?Sized> ViaNothing<Handle> for ArgKind<'_, T, Borrowed> {
    fn __cachekit_kind(&self) -> Handle {
        Handle
    }
}
impl<T: ?Sized> ViaNothing<Uncovered<T>> for ArgKind<'_, T, Owned> {
    fn __cachekit_kind(&self) -> Uncovered<T> {
        Uncovered(PhantomData)
    }
}

/// Looks at a value: `owned` or `borrowed`, or as one whose bounds say that it is `data`.
#[doc(hidden)]
#[macro_export]
macro_rules! __arg_kind {
    (data $value:expr) => {
        $crate::__private::data_kind($value)
    };
    ($mode:ident $value:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::kinds::*;
        let kind = $crate::__private::ArgKind::$mode($value);
        // As many pointers as somebody may write one behind the other.
        let kind = kind
            .__cachekit_inside()
            .__cachekit_inside()
            .__cachekit_inside();
        (&&&&&&&&&&&kind.__cachekit_inside()).__cachekit_kind()
    }};
}

/// A value that is data by the bounds of its type.
pub fn data_kind<T: ?Sized>(_: &T) -> Uncovered<T> {
    Uncovered(PhantomData)
}
