//! Compile-time check that a key covers every argument that could change the result.
//!
//! The key may leave out an argument if the argument's type is `Shared`. The key may also leave out
//! a borrowed argument whose type does not look like data: the type implements none of the traits
//! in this module. A database pool by reference may be left out, but an id may not. An owned
//! argument may be left out only if its type is `Shared`: a struct without any of these traits may
//! contain the current user.
//!
//! The compiler answers both questions, whether the type is `Shared` and whether it is data, by its
//! choice of a method. First, inherent methods remove pointers such as `&` and `Arc` from the type.
//! For a type that is no pointer, a trait's method leaves the type as it is. After that, the
//! compiler removes one reference after another from the value, and tries one trait of this module
//! at each step. The first trait that fits decides.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt::{self, Display};
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::Shared;
use crate::key::component::CacheKey;

/// Marks an argument that the function takes by value, in the check for arguments that the key
/// leaves out.
#[derive(Debug)]
pub struct Owned;

/// Marks an argument that is a reference or a known handle such as a database pool, in the check
/// for arguments that the key leaves out.
#[derive(Debug)]
pub struct Borrowed;

/// Wrapper around an argument that the key leaves out. Generated code calls a method on the
/// wrapper, and the compiler finds by the traits of the argument's type if the key may leave the
/// argument out.
pub struct ArgKind<'a, T: ?Sized, M>(&'a T, PhantomData<M>);

impl<'a, T: ?Sized> ArgKind<'a, T, Owned> {
    /// Wraps an argument that the function takes by value, to check if the key may leave the
    /// argument out.
    pub fn owned(value: &'a T) -> Self {
        Self(value, PhantomData)
    }
}

impl<'a, T: ?Sized> ArgKind<'a, T, Borrowed> {
    /// Wraps an argument that the function takes by reference, to check if the key may leave the
    /// argument out.
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
            /// Returns a wrapper around the target of an argument that is a pointer, to check if
            /// the key may leave the argument out.
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
    /// Returns a wrapper around the borrowed form of a `Cow` argument, to check if the key may
    /// leave the argument out.
    pub fn __cachekit_inside(self) -> ArgKind<'a, T, M> {
        ArgKind(self.0, PhantomData)
    }
}

/// Choice for an argument whose type is no pointer, in the check for arguments that the key leaves
/// out.
pub trait NoPointer: Sized {
    /// Returns this wrapper unchanged, because the argument's type is no pointer.
    fn __cachekit_inside(self) -> Self {
        self
    }
}
impl<T: ?Sized, M> NoPointer for ArgKind<'_, T, M> {}

/// Result of the check for an argument that could change the function's result: the key must
/// contain the argument.
#[derive(Debug)]
pub struct Uncovered<T: ?Sized>(PhantomData<T>);

/// Result of the check for an argument that the key may leave out, such as a database pool.
#[derive(Debug)]
pub struct Handle;

/// First choice for an argument that the key leaves out: its type implements `Shared`, so the key
/// may leave it out.
pub trait ViaShared {
    /// Returns [`Handle`]: the key may leave the argument out.
    fn __cachekit_kind(&self) -> Handle {
        Handle
    }
}

macro_rules! data_like {
    ($($(#[$cfg:meta])? $via:ident at $depth:ty, $bound:path;)*) => {$(
        #[doc = concat!("Data: the type implements `", stringify!($bound), "`.")]
        $(#[$cfg])?
        pub trait $via<T: ?Sized> {
            /// Returns [`Uncovered`]: the key must contain the argument.
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

/// Trait of types that serde can deserialise into an owned value. Such types are data, so a key
/// must contain an argument of such a type.
#[cfg(feature = "serde")]
pub trait ReadBack {}
#[cfg(feature = "serde")]
impl<T: serde::de::DeserializeOwned> ReadBack for T {}

/// Trait of container types, such as `Vec`. A container is data, so a key must contain an argument
/// of such a type, whatever its elements are.
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

/// Choice for an argument that is an iterator, in the check for arguments that the key leaves out.
/// An iterator yields data, so the key must contain the argument.
pub trait ViaIterator<T: ?Sized> {
    /// Returns [`Uncovered`]: the key must contain the argument.
    fn __cachekit_kind(&self) -> Uncovered<T> {
        Uncovered(PhantomData)
    }
}
impl<T: Iterator + ?Sized, M> ViaIterator<T> for &ArgKind<'_, T, M> {}

/// Last choice for an argument that the key leaves out: its type implements none of the traits that
/// make it data. The key may leave the argument out if the argument is a reference or a known
/// handle such as a database pool; otherwise the key must contain it.
pub trait ViaNothing<K> {
    /// Returns [`Handle`] for a borrowed argument, and [`Uncovered`] for an owned argument.
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

/// Expands to the result of the check for an argument that the key leaves out: `Handle` if the key
/// may do so, `Uncovered` if not. The input begins with `owned` or `borrowed`, as the function
/// takes the argument, or with `data` if the bounds of the argument's type make it data.
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
        // Pointers that are nested more deeply are not expected.
        let kind = kind
            .__cachekit_inside()
            .__cachekit_inside()
            .__cachekit_inside();
        (&&&&&&&&&&&kind.__cachekit_inside()).__cachekit_kind()
    }};
}

/// Returns [`Uncovered`] for an argument whose type is data by its bounds: the key must contain the
/// argument.
pub fn data_kind<T: ?Sized>(_: &T) -> Uncovered<T> {
    Uncovered(PhantomData)
}
