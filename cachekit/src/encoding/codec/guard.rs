//! A layer around a codec's `Deserializer`, for bytes that somebody else may have written.
//!
//! No codec is safe by itself. bincode recurses as deep as the bytes say, and loops as often
//! as they say over elements that take no bytes. `MessagePack` counts neither enums nor
//! newtypes as depth, so a single byte can make `struct Peano(Option<Box<Peano>>)` recurse
//! endlessly. A stack overflow cannot be caught, so depth is limited beforehand.

pub(crate) mod access;
pub(crate) mod visitor;

use std::cell::Cell;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error};

/// The most layers that a value may have: every option, newtype, enum, struct, tuple, sequence
/// and map is one. `serde_json` has the same limit.
pub(crate) const MAX_DEPTH: u8 = 128;

/// The most elements that all sequences and maps together may have beyond one for each byte:
/// elements without bytes, as in a `Vec<()>`, are rare but real.
const EMPTY_ELEMENTS: usize = 1024;

/// The limits that are left to one payload.
pub(crate) struct Limits {
    payload: usize,
    elements: Cell<usize>,
}

impl Limits {
    /// Creates the limits of a payload of so many bytes.
    pub(crate) fn new(payload: usize) -> Self {
        Self {
            payload,
            elements: Cell::new(payload.saturating_add(EMPTY_ELEMENTS)),
        }
    }

    /// Returns a guarded seed that reads a `T` from any deserializer.
    pub(crate) fn seed<T: DeserializeOwned>(&self) -> Guard<'_, PhantomData<T>> {
        Guard {
            inner: PhantomData,
            depth: MAX_DEPTH,
            counted: false,
            limits: self,
        }
    }

    /// Takes `announced` elements from the limit.
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

/// A `Deserializer`, `Visitor`, seed or access of serde, guarded.
pub(crate) struct Guard<'a, T> {
    inner: T,
    depth: u8,
    /// `true` if the data says how many elements follow, and not the type.
    counted: bool,
    limits: &'a Limits,
}

impl<'a, T> Guard<'a, T> {
    /// Returns `inner`, guarded at the same depth.
    fn beside<U>(&self, inner: U) -> Guard<'a, U> {
        Guard {
            inner,
            depth: self.depth,
            counted: false,
            limits: self.limits,
        }
    }

    /// Marks that the data says how many elements follow.
    fn counting(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Takes the elements that the data announces from the limit. It ignores those of a struct, tuple or
    /// array, which the type announces.
    fn announce<E: Error>(&self, elements: Option<usize>) -> Result<(), E> {
        match elements {
            Some(elements) if self.counted => self.limits.take(elements),
            _ => Ok(()),
        }
    }

    /// Returns the number of elements to make room for, at most as many as the payload can hold.
    fn modest(&self, hint: Option<usize>) -> Option<usize> {
        hint.map(|hint| hint.min(self.limits.payload))
    }

    /// Returns the content, and `inner` one layer deeper.
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

#[cfg(test)]
#[cfg(all(feature = "bincode", feature = "msgpack", feature = "json"))]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use serde::{Deserialize, Serialize};

    use crate::encoding::codec::{Codec, DecodeError, wire};

    fn read<V: Serialize + serde::de::DeserializeOwned + 'static>(
        codec: Codec,
        bytes: &[u8],
    ) -> Result<V, DecodeError> {
        wire::decode(codec, bytes)
    }

    fn refuses<V>(codec: Codec, bytes: &[u8])
    where
        V: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug + 'static,
    {
        assert_eq!(
            read::<V>(codec, bytes),
            Err(DecodeError::Decode),
            "{codec:?}"
        );
    }

    /// Returns a length as bincode writes one.
    fn length(len: u64) -> Vec<u8> {
        [&[253][..], &len.to_le_bytes()].concat()
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct List {
        next: Option<Box<List>>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Tree {
        Leaf,
        Node(Box<Tree>),
        Fork(Vec<Tree>),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Peano(Option<Box<Peano>>);

    #[test]
    fn a_length_that_is_not_there_is_refused() {
        for len in [1 << 20, 1 << 40, 1 << 62, 1 << 63, u64::MAX] {
            refuses::<String>(Codec::Bincode, &length(len));
            refuses::<Vec<u8>>(Codec::Bincode, &length(len));
            refuses::<Vec<u64>>(Codec::Bincode, &length(len));
            refuses::<HashMap<u64, u64>>(Codec::Bincode, &length(len));
            refuses::<BTreeSet<()>>(Codec::Bincode, &length(len));
            refuses::<Vec<()>>(Codec::Bincode, &length(len));
            refuses::<Vec<[u64; 0]>>(Codec::Bincode, &length(len));
        }
        for marker in [0xdb, 0xc6, 0xdd, 0xdf] {
            let bytes = [marker, 0xff, 0xff, 0xff, 0xff];
            refuses::<String>(Codec::MsgPack, &bytes);
            refuses::<Vec<u64>>(Codec::MsgPack, &bytes);
            refuses::<BTreeSet<()>>(Codec::MsgPack, &bytes);
            refuses::<HashMap<u64, u64>>(Codec::MsgPack, &bytes);
        }
    }

    /// Each is within the payload's length; together they would be its square.
    #[test]
    fn lengths_are_summed_up() {
        let inner = 60_000_u16;
        let mut bytes = vec![251];
        bytes.extend(20_000_u16.to_le_bytes());
        for _ in 0..20_000 {
            bytes.push(251);
            bytes.extend(inner.to_le_bytes());
        }
        assert!(usize::from(inner) < bytes.len());
        refuses::<Vec<BTreeSet<()>>>(Codec::Bincode, &bytes);
    }

    #[test]
    fn depth_is_limited_in_every_codec() {
        let deep = 1_000_000;
        refuses::<List>(Codec::Bincode, &vec![1; deep]);
        refuses::<Tree>(Codec::Bincode, &vec![1; deep]);
        refuses::<Tree>(Codec::Bincode, &[2, 1].repeat(deep));
        refuses::<List>(Codec::MsgPack, &b"\x81\xa4next".repeat(deep));
        refuses::<Tree>(Codec::MsgPack, &b"\x81\xa4Node".repeat(deep));
        refuses::<Tree>(Codec::MsgPack, &b"\x81\xa4Fork\x91".repeat(deep));
        refuses::<List>(Codec::Json, &br#"{"next":"#.repeat(deep));
        refuses::<Tree>(Codec::Json, &br#"{"Node":"#.repeat(deep));
        refuses::<serde_json::Value>(Codec::Json, &b"[".repeat(deep));
        refuses::<serde_json::Value>(Codec::MsgPack, &b"\x91".repeat(deep));
    }

    /// A single byte, endlessly: nothing is consumed on the way down.
    #[test]
    fn a_loop_without_input_ends() {
        refuses::<Peano>(Codec::MsgPack, &[0x01]);
        refuses::<Peano>(Codec::Json, b"1");
        refuses::<Peano>(Codec::Bincode, &[1; 1000]);
    }

    #[test]
    fn what_is_moderately_deep_is_read() {
        let mut list = List { next: None };
        for _ in 0..50 {
            list = List {
                next: Some(Box::new(list)),
            };
        }
        for codec in [Codec::Bincode, Codec::MsgPack, Codec::Json] {
            let mut out = Vec::new();
            wire::encode(codec, &list, &mut out, 1 << 20).unwrap();
            assert_eq!(read(codec, &out).as_ref(), Ok(&list), "{codec:?}");
        }
    }

    /// The way in which a type got its text or its elements.
    #[derive(Debug, PartialEq, Serialize)]
    enum Told {
        Lent,
        Made,
        Announced(Option<usize>),
    }

    impl<'de> serde::de::Visitor<'de> for Told {
        type Value = Self;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string or a tuple")
        }

        fn visit_borrowed_str<E>(self, _: &'de str) -> Result<Self, E> {
            Ok(Self::Lent)
        }

        fn visit_str<E>(self, _: &str) -> Result<Self, E> {
            Ok(Self::Made)
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, access: A) -> Result<Self, A::Error> {
            Ok(Self::Announced(access.size_hint()))
        }
    }

    #[derive(Debug, PartialEq, Serialize)]
    struct Text(Told);

    impl<'de> Deserialize<'de> for Text {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_string(Told::Made).map(Self)
        }
    }

    #[derive(Debug, PartialEq, Serialize)]
    struct Tuple(Told);

    impl<'de> Deserialize<'de> for Tuple {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer
                .deserialize_tuple(1_000_000, Told::Made)
                .map(Self)
        }
    }

    /// A borrowed text was in the bytes. An owned one would be made as long as they claim.
    #[test]
    fn no_room_is_made_for_what_is_not_there() {
        assert_eq!(read(Codec::Bincode, b"\x01a"), Ok(Text(Told::Lent)));
        let told = Told::Announced(Some(0));
        assert_eq!(read(Codec::Bincode, &[]), Ok(Tuple(told)));
    }

    #[test]
    fn trailing_bytes_are_refused() {
        refuses::<u8>(Codec::Bincode, &[1, 1]);
        refuses::<()>(Codec::Bincode, &[0]);
        refuses::<u8>(Codec::MsgPack, &[1, 1]);
        refuses::<u8>(Codec::MsgPack, &[1, 0xc1]);
        refuses::<Option<u8>>(Codec::MsgPack, &[0xc0, 0xc0]);
        refuses::<u8>(Codec::Json, b"1 1");
        refuses::<Vec<u8>>(Codec::Json, b"[1]]");
    }

    #[test]
    fn nothing_is_no_value() {
        for codec in [Codec::Bincode, Codec::MsgPack, Codec::Json] {
            refuses::<u8>(codec, &[]);
            refuses::<Option<u8>>(codec, &[]);
            refuses::<List>(codec, &[]);
        }
    }
}
