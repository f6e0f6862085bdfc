//! A layer around a codec's `Deserializer`, for bytes that somebody else may have written.
//!
//! No codec is safe by itself. bincode recurses as deep as the bytes say, and loops as often
//! as they say over elements that take no bytes; `MessagePack` counts neither enums nor
//! newtypes as depth, so one byte can make `struct Peano(Option<Box<Peano>>)` recurse for
//! ever. A stack overflow cannot be caught, so none may begin.

mod access;
mod visitor;

use std::cell::Cell;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error};

/// How many layers a value may have: every option, newtype, enum, struct, tuple, sequence
/// and map is one. The same number as `serde_json`'s.
const MAX_DEPTH: u8 = 128;

/// How many elements all sequences and maps together may have beyond one for each byte:
/// elements without bytes, as in a `Vec<()>`, are rare but real.
const EMPTY_ELEMENTS: usize = 1024;

/// What one payload may still ask for.
pub(crate) struct Limits {
    payload: usize,
    elements: Cell<usize>,
}

impl Limits {
    /// For a payload of so many bytes.
    pub(crate) fn new(payload: usize) -> Self {
        Self {
            payload,
            elements: Cell::new(payload.saturating_add(EMPTY_ELEMENTS)),
        }
    }

    /// A seed that reads a `T` from any deserializer, guarded.
    pub(crate) fn seed<T: DeserializeOwned>(&self) -> Guard<'_, PhantomData<T>> {
        Guard {
            inner: PhantomData,
            depth: MAX_DEPTH,
            counted: false,
            limits: self,
        }
    }

    /// Takes `announced` elements.
    ///
    /// An element that takes bytes has a first byte that is no other element's, so the sum
    /// over all sequences of an honest payload is at most its length. A limit for each
    /// sequence alone would let n sequences inside one another loop n² times.
    fn take<E: Error>(&self, announced: usize) -> Result<(), E> {
        let Some(left) = self.elements.get().checked_sub(announced) else {
            return Err(E::custom("more elements than bytes"));
        };
        self.elements.set(left);
        Ok(())
    }
}

/// Something of serde's, guarded: a `Deserializer`, `Visitor`, seed or access.
pub(crate) struct Guard<'a, T> {
    inner: T,
    depth: u8,
    /// Whether the data says how many elements follow, and not the type.
    counted: bool,
    limits: &'a Limits,
}

impl<'a, T> Guard<'a, T> {
    /// `inner` at the same depth.
    fn beside<U>(&self, inner: U) -> Guard<'a, U> {
        Guard {
            inner,
            depth: self.depth,
            counted: false,
            limits: self.limits,
        }
    }

    /// The data says how many elements follow.
    fn counting(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Takes the elements that the data announces; those of a struct, tuple or array are the
    /// type's own.
    fn announce<E: Error>(&self, elements: Option<usize>) -> Result<(), E> {
        match elements {
            Some(elements) if self.counted => self.limits.take(elements),
            _ => Ok(()),
        }
    }

    /// The number of elements to make room for: never more than the payload can hold.
    fn modest(&self, hint: Option<usize>) -> Option<usize> {
        hint.map(|hint| hint.min(self.limits.payload))
    }

    /// What is inside, and `inner` one layer deeper.
    fn below<U, E: Error>(self, inner: U) -> Result<(T, Guard<'a, U>), E> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(E::custom("too deep"));
        };
        let below = Guard {
            inner,
            depth,
            counted: false,
            limits: self.limits,
        };
        Ok((self.inner, below))
    }
}
