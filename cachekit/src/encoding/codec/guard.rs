//! A layer around a codec's `Deserializer`, for bytes from Redis that anybody may have written.
//!
//! No codec is safe by itself. bincode recurses as deep as the bytes say, and loops as often as the
//! bytes say over elements that take no bytes. `MessagePack` counts neither enums nor newtypes as
//! depth, so a single byte can make `struct Peano(Option<Box<Peano>>)` recurse endlessly. A stack
//! overflow cannot be caught, so the layer limits the depth.

pub(crate) mod access;
pub(crate) mod visitor;

use std::cell::Cell;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error};

/// The maximum nesting depth of a decoded value. Every option, newtype, enum,
/// struct, tuple, sequence and map is a layer. `serde_json` has the same limit.
pub(crate) const MAX_DEPTH: u8 = 128;

/// The number of elements that a payload may have in all its sequences and maps in addition to the
/// number of its bytes. Elements that take no bytes, as in a `Vec<()>`, are rare but do occur.
const EMPTY_ELEMENTS: usize = 1024;

/// The limits for decoding one payload (the bytes of an encoded value from Redis): the length of
/// the payload, and the number of elements that may still be read.
pub(crate) struct Limits {
    payload: usize,
    elements: Cell<usize>,
}

impl Limits {
    /// Creates the limits for decoding a payload of `payload` bytes.
    pub(crate) fn new(payload: usize) -> Self {
        Self {
            payload,
            elements: Cell::new(payload.saturating_add(EMPTY_ELEMENTS)),
        }
    }

    /// Returns a wrapper by which a codec decodes a `T` within these limits on layers and elements.
    pub(crate) fn seed<T: DeserializeOwned>(&self) -> Guard<'_, PhantomData<T>> {
        Guard {
            inner: PhantomData,
            depth: MAX_DEPTH,
            counted: false,
            limits: self,
        }
    }

    /// Subtracts `announced`, the number of elements that a sequence or map announces, from the
    /// number of elements that may still be read from the payload. Returns an error if fewer
    /// elements are left.
    ///
    /// The limit on elements counts all sequences of a payload together. An element takes at least
    /// one byte, with rare exceptions, and two elements share no byte: a payload that was not
    /// forged has at most as many elements as bytes. With a limit for each sequence alone, n
    /// sequences inside one another could announce n² elements.
    fn take<E: Error>(&self, announced: usize) -> Result<(), E> {
        let Some(left) = self.elements.get().checked_sub(announced) else {
            return Err(E::custom("more elements than bytes"));
        };
        self.elements.set(left);
        Ok(())
    }
}

/// A wrapper around a `Deserializer` of a codec, or around another serde object that takes part in
/// decoding, such as the `Visitor` that receives a value. The wrapper limits the layers and
/// elements of the decoded payload.
pub(crate) struct Guard<'a, T> {
    inner: T,
    depth: u8,
    /// `true` while a sequence or map is decoded, whose bytes announce the number of elements.
    /// `false` in a struct or tuple, whose type determines the number.
    counted: bool,
    limits: &'a Limits,
}

impl<'a, T> Guard<'a, T> {
    /// Returns `inner` (a serde deserializer or visitor), wrapped with the limits of this `Guard`,
    /// at the same depth of layers.
    fn beside<U>(&self, inner: U) -> Guard<'a, U> {
        Guard {
            inner,
            depth: self.depth,
            counted: false,
            limits: self.limits,
        }
    }

    /// Returns this `Guard`, marked for a sequence or map: the number of elements that its bytes
    /// announce is subtracted from the elements that may still be read.
    fn counting(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Subtracts `elements`, the number that the bytes of a sequence or map announce, from the
    /// number of elements that may still be read. Returns an error if fewer are left. The elements
    /// of a struct, tuple or array do not count, because the type and not the bytes determines
    /// their number.
    fn announce<E: Error>(&self, elements: Option<usize>) -> Result<(), E> {
        match elements {
            Some(elements) if self.counted => self.limits.take(elements),
            _ => Ok(()),
        }
    }

    /// Returns the number of elements for which a `Vec` or map may allocate memory before it is
    /// decoded: `hint`, the number that the payload announces, but at most the number of bytes in
    /// the payload.
    fn modest(&self, hint: Option<usize>) -> Option<usize> {
        hint.map(|hint| hint.min(self.limits.payload))
    }

    /// Returns the object that this `Guard` wraps, and `inner` wrapped with the same limits, one
    /// layer deeper. Returns an error if the decoded value has more layers than [`MAX_DEPTH`].
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

    /// Returns the bytes with which bincode writes the length `len`.
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

    /// Reads 20,000 sequences inside of a sequence. Each of the 20,000 announces fewer elements
    /// than the payload has bytes, but their sum is much greater.
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

    /// Reads a type that recurses without consuming a byte. A codec without the guard would recurse
    /// endlessly.
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

    /// The form in which a deserializer gave a text to a visitor (borrowed or not), or the number
    /// of elements that the deserializer announced to the visitor.
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

    /// Expects a text that is borrowed from the payload. For an owned text, bincode would allocate
    /// as much memory as the payload announces.
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
