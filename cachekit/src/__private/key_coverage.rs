//! Compile-time check that a key covers every argument that could change the result.
//!
//! An argument may be left out if its type is `Shared`, or if it is borrowed and its type does not
//! look like data: it implements none of the traits below. A database pool by reference passes, an id
//! does not. An owned argument may not be left out, whatever its type: a struct without any of the
//! traits may hold the current user.
//!
//! The compiler's choice of a method answers both questions. Inherent methods take off pointers, and a
//! trait accepts the other types. Then each trait is tried one reference deeper than the next, and the
//! first that fits decides.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::{self, Display};
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::Shared;
use crate::key::component::CacheKey;

/// Mode of an argument that the function owns.
#[derive(Debug)]
pub struct Owned;

/// Mode of an argument behind a reference, or of a type that is known as a handle.
#[derive(Debug)]
pub struct Borrowed;

/// Wrapper around an argument whose kind is asked for.
pub struct ArgKind<'a, T: ?Sized, M>(&'a T, PhantomData<M>);

impl<'a, T: ?Sized> ArgKind<'a, T, Owned> {
    /// Wraps an owned argument.
    pub fn owned(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<'a, T: ?Sized> ArgKind<'a, T, Borrowed> {
    /// Wraps a borrowed argument.
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
            /// Wraps the target of the pointer.
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
    /// Wraps the target of the pointer.
    pub fn __cachekit_inside(self) -> ArgKind<'a, T, M> {
        ArgKind(self.0, PhantomData)
    }
}

/// Fallback for types that are no pointers.
pub trait NoPointer: Sized {
    /// Returns the argument as it is.
    fn __cachekit_inside(self) -> Self {
        self
    }
}
impl<T: ?Sized, M> NoPointer for ArgKind<'_, T, M> {}

/// Kind of an argument that could change the result.
#[derive(Debug)]
pub struct Uncovered<T: ?Sized>(PhantomData<T>);

/// Kind of an argument that the key may leave out.
#[derive(Debug)]
pub struct Handle;

/// Handle: it implements `Shared`.
pub trait ViaShared {
    /// Returns the kind.
    fn __cachekit_kind(&self) -> Handle {
        Handle
    }
}

macro_rules! data_like {
    ($($(#[$cfg:meta])? $via:ident at $depth:ty, $bound:path;)*) => {$(
        #[doc = concat!("Data: it implements `", stringify!($bound), "`.")]
        $(#[$cfg])?
        pub trait $via<T: ?Sized> {
            /// Returns the kind.
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

/// Marker of types that serde can read.
#[cfg(feature = "serde")]
pub trait ReadBack {}
#[cfg(feature = "serde")]
impl<T: serde::de::DeserializeOwned> ReadBack for T {}

/// Marker of containers, which are data whatever their elements implement.
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

/// Data: it is an iterator, which yields elements like a container.
pub trait ViaIterator<T: ?Sized> {
    /// Returns the kind.
    fn __cachekit_kind(&self) -> Uncovered<T> {
        Uncovered(PhantomData)
    }
}
impl<T: Iterator + ?Sized, M> ViaIterator<T> for &ArgKind<'_, T, M> {}

/// Fallback for types that implement none of the traits: the mode decides.
pub trait ViaNothing<K> {
    /// Returns the kind.
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

/// Expands to the kind of a value in the mode `owned` or `borrowed`, or `data` if its bounds say so.
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
        // More nested pointers than these are not expected.
        let kind = kind
            .__cachekit_inside()
            .__cachekit_inside()
            .__cachekit_inside();
        (&&&&&&&&&&&kind.__cachekit_inside()).__cachekit_kind()
    }};
}

/// Returns the kind of a value whose type is data by its bounds.
pub fn data_kind<T: ?Sized>(_: &T) -> Uncovered<T> {
    Uncovered(PhantomData)
}
