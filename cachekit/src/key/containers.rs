//! `CacheKey` for containers: options, sequences, sets, maps, pointers and tuples.
//!
//! Equal sets and maps are written as equal texts, whatever their order of iteration is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use crate::key::buf::KeyBuf;
use crate::key::component::{CacheKey, KeyWriter};

/// Writes `items` as a composite, each item by a call of `write`. The items are in the order of
/// their texts, so that equal sets are written as equal texts, whatever their order of iteration
/// is.
pub(crate) fn sorted<I>(
    out: &mut KeyWriter<'_>,
    items: impl IntoIterator<Item = I>,
    write: impl Fn(&I, &mut KeyWriter<'_>),
) {
    let with_text = |item| {
        let mut text = KeyBuf::new();
        write(&item, &mut KeyWriter::new(&mut text, 0));
        (Box::<[u8]>::from(text.as_bytes()), item)
    };
    let mut items: Vec<_> = items.into_iter().map(with_text).collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    out.elements(items, |(_, item), out| write(&item, out));
}

/// Writes a tuple of two elements: the first by a call of `first`, the second by a call of
/// `second`.
pub(crate) fn pair(
    out: &mut KeyWriter<'_>,
    first: impl FnOnce(&mut KeyWriter<'_>),
    second: impl FnOnce(&mut KeyWriter<'_>),
) {
    out.open();
    out.element_by(first);
    out.element_by(second);
    out.close();
}

/// An `Option` in a key: `None` is written as `%-`. `Some(x)` is written as the text of `x`, with
/// `%+` before the text if the text begins with `%-` or `%+`. With these prefixes, the texts of
/// `None`, `Some(None)` and `Some(Some(None))` differ.
impl<T: CacheKey> CacheKey for Option<T> {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        match self {
            Some(value) => out.present(|inner| value.write_key(inner)),
            None => out.absent(),
        }
    }
}

impl<T: CacheKey> CacheKey for [T] {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.elements(self, T::write_key);
    }
}

impl<T: CacheKey, const N: usize> CacheKey for [T; N] {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.elements(self, T::write_key);
    }
}

impl<T: CacheKey> CacheKey for Vec<T> {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.elements(self, T::write_key);
    }
}

impl<T: CacheKey> CacheKey for VecDeque<T> {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.elements(self, T::write_key);
    }
}

macro_rules! sets {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<T: CacheKey, $($generics)*> CacheKey for $ty {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                sorted(out, self, |item, out| item.write_key(out));
            }
        }
    )*};
}
sets! {
    [] BTreeSet<T>;
    [S] HashSet<T, S>;
}

macro_rules! maps {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<K: CacheKey, V: CacheKey, $($generics)*> CacheKey for $ty {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                sorted(out, self, |entry, out| entry.write_key(out));
            }
        }
    )*};
}
maps! {
    [] BTreeMap<K, V>;
    [S] HashMap<K, V, S>;
}

macro_rules! through_deref {
    ($($ty:ty),*) => {$(
        impl<T: CacheKey + ?Sized> CacheKey for $ty {
            #[inline(always)]
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                (**self).write_key(out);
            }
        }
    )*};
}
through_deref!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: CacheKey + ToOwned + ?Sized> CacheKey for Cow<'_, T> {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        (**self).write_key(out);
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: CacheKey),+> CacheKey for ($($name,)+) {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                #[expect(non_snake_case, reason = "one name for a type and its value")]
                let ($($name,)+) = self;
                out.open();
                $(out.element_by(|inner| $name.write_key(inner));)+
                out.close();
            }
        }
    )*};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F)
(A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }
