//! Types of every kind that serde supports, as users may cache them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::encoding::codec::Codec;
use crate::testing::tests::fuzz_codec::{ends, survives};

#[derive(Serialize, Deserialize)]
struct Flat {
    id: u32,
    name: String,
    flag: bool,
    letter: char,
    bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Nested {
    flats: Vec<Flat>,
    pair: (Option<i64>, [u16; 3]),
    all: Result<BTreeMap<String, Flat>, String>,
}

#[derive(Serialize, Deserialize)]
struct List {
    next: Option<Box<List>>,
}

/// Nested type whose levels may take no bytes, so that a short input can nest deeply.
#[derive(Serialize, Deserialize)]
struct Peano(Option<Box<Peano>>);

#[derive(Serialize, Deserialize)]
enum Tree {
    Leaf(i8),
    One(Box<Tree>),
    Many {
        of: Vec<Tree>,
        or: Option<Box<Tree>>,
    },
}

#[derive(Serialize, Deserialize)]
enum Choice {
    Unit,
    New(u64),
    Two(u8, i128),
    Named { a: f64, b: Option<u128> },
}

#[derive(Serialize, Deserialize)]
struct Floats {
    one: f64,
    more: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Unit;

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Nothing {}

/// Untagged enum, which serde buffers before serde decides on a variant. The buffer must not grow
/// beyond the length of the input.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Any {
    Number(u64),
    Text(String),
    List(Vec<Any>),
    Map(BTreeMap<String, Any>),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    One { of: Flat },
    Other { inside: Option<Box<Tagged>> },
}

#[derive(Serialize, Deserialize)]
struct Flattened {
    id: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, Any>,
}

/// Byte sequence that serde serialises as one piece.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Owned;

        impl<'de> Visitor<'de> for Owned {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = access.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Owned)
    }
}

/// Reads `bytes` as a value of every type in this file, by every codec.
pub(crate) fn read_all(bytes: &[u8]) {
    let codecs = [Codec::Bincode, Codec::MsgPack, Codec::Json];
    for codec in codecs.into_iter().filter(|codec| codec.is_available()) {
        own(codec, bytes);
        foreign(codec, bytes);
        unfaithful(codec, bytes);
    }
}

fn own(codec: Codec, bytes: &[u8]) {
    survives::<Flat>(codec, bytes);
    survives::<Nested>(codec, bytes);
    survives::<Box<List>>(codec, bytes);
    survives::<Peano>(codec, bytes);
    survives::<Tree>(codec, bytes);
    survives::<Choice>(codec, bytes);
    survives::<Vec<Choice>>(codec, bytes);
    survives::<Floats>(codec, bytes);
    survives::<Unit>(codec, bytes);
    survives::<BTreeSet<Nothing>>(codec, bytes);
    survives::<Any>(codec, bytes);
    survives::<Tagged>(codec, bytes);
    survives::<Flattened>(codec, bytes);
    survives::<Bytes>(codec, bytes);
}

fn foreign(codec: Codec, bytes: &[u8]) {
    survives::<BTreeSet<()>>(codec, bytes);
    survives::<Vec<BTreeSet<()>>>(codec, bytes);
    survives::<BTreeMap<u64, Vec<String>>>(codec, bytes);
    survives::<BTreeMap<(u8, bool), u8>>(codec, bytes);
    survives::<String>(codec, bytes);
    survives::<Option<Option<u8>>>(codec, bytes);
    survives::<VecDeque<Option<Option<bool>>>>(codec, bytes);
    survives::<Cow<'static, str>>(codec, bytes);
    survives::<(i128, u128, i8, char)>(codec, bytes);
    survives::<[[u16; 2]; 20]>(codec, bytes);
    survives::<NonZeroU32>(codec, bytes);
    survives::<Range<u64>>(codec, bytes);
    survives::<PathBuf>(codec, bytes);
    survives::<Vec<IpAddr>>(codec, bytes);
    survives::<SocketAddr>(codec, bytes);
    survives::<Duration>(codec, bytes);
    survives::<SystemTime>(codec, bytes);
}

fn unfaithful(codec: Codec, bytes: &[u8]) {
    // JSON reads a number that is too large for an `f32` as infinite, and writes infinity as
    // `null`.
    ends::<Vec<f32>>(codec, bytes);
    // The number of elements without bytes is limited by the number of bytes in the payload. A
    // payload whose length is written in more bytes than needed may therefore have more elements.
    ends::<Vec<()>>(codec, bytes);
    ends::<Vec<[u64; 0]>>(codec, bytes);
}
