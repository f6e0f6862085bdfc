//! Whether an argument that a key does not mention could matter.
//!
//! An argument may go unmentioned if nothing about its type looks like data: it implements
//! none of `CachePart`, `Display`, `Hash` and `PartialEq`, and is no container. A database
//! pool passes, an id does not. The question is asked by autoref dispatch: each trait is
//! tried one reference deeper than the next, and the first that fits decides.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::hash::Hash;
use std::marker::PhantomData;

use crate::key::CachePart;

/// An argument, looked at.
#[derive(Debug)]
pub struct Seen<'a, T: ?Sized>(pub &'a T);

/// Could matter to the result.
#[derive(Debug)]
pub struct LeftOut<T: ?Sized>(PhantomData<T>);

/// Cannot be in a key anyway: a pool, a client, a callback.
#[derive(Debug)]
pub struct Handle;

/// What may go unmentioned.
#[diagnostic::on_unimplemented(
    message = "this argument is in neither `key` nor `skip`",
    label = "could change the result, but the key forgets it",
    note = "name it in the key, as in `key = \"user:{{id}}\"`, or, if it cannot change the result, \
            list it in `skip(..)`"
)]
pub trait MayBeLeftOut {}
impl MayBeLeftOut for Handle {}

/// Compiles for what may go unmentioned.
pub fn left_out(_: impl MayBeLeftOut) {}

/// Compiles for a `Self` whose instances are interchangeable.
pub fn shared_self<T: crate::Shared + ?Sized>() {}

macro_rules! data_like {
    ($($via:ident at $depth:ty, $bound:path;)*) => {$(
        #[doc = concat!("Data: it implements `", stringify!($bound), "`.")]
        pub trait $via<T: ?Sized> {
            /// It could matter.
            fn __cachekit_kind(&self) -> LeftOut<T>;
        }
        impl<T: $bound + ?Sized> $via<T> for $depth {
            fn __cachekit_kind(&self) -> LeftOut<T> {
                LeftOut(PhantomData)
            }
        }
    )*};
}

data_like! {
    ViaPart at &&&&&Seen<'_, T>, CachePart;
    ViaDisplay at &&&&Seen<'_, T>, Display;
    ViaHash at &&&Seen<'_, T>, Hash;
    ViaEq at &&Seen<'_, T>, PartialEq;
}

/// Containers hold data whatever their elements implement.
pub trait Container {}
impl<T: Container + ?Sized> Container for &T {}
impl<T: Container + ?Sized> Container for &mut T {}
impl<T> Container for Option<T> {}
impl<T> Container for [T] {}
impl<T, const N: usize> Container for [T; N] {}
impl<T> Container for Vec<T> {}
impl<T> Container for VecDeque<T> {}
impl<T> Container for BTreeSet<T> {}
impl<K, V> Container for BTreeMap<K, V> {}
impl<T, H> Container for HashSet<T, H> {}
impl<K, V, H> Container for HashMap<K, V, H> {}
impl<A> Container for (A,) {}
impl<A, B> Container for (A, B) {}
impl<A, B, C> Container for (A, B, C) {}
impl<A, B, C, D> Container for (A, B, C, D) {}

/// Data: it is a container.
pub trait ViaContainer<T: ?Sized> {
    /// It could matter.
    fn __cachekit_kind(&self) -> LeftOut<T>;
}
impl<T: Container + ?Sized> ViaContainer<T> for &Seen<'_, T> {
    fn __cachekit_kind(&self) -> LeftOut<T> {
        LeftOut(PhantomData)
    }
}

/// Nothing of the kind.
pub trait ViaNothing {
    /// It cannot be in a key.
    fn __cachekit_kind(&self) -> Handle;
}
impl<T: ?Sized> ViaNothing for Seen<'_, T> {
    fn __cachekit_kind(&self) -> Handle {
        Handle
    }
}

/// Looks at an argument.
#[doc(hidden)]
#[macro_export]
macro_rules! __seen {
    ($value:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::kinds::*;
        (&&&&&&$crate::__private::Seen($value)).__cachekit_kind()
    }};
}
