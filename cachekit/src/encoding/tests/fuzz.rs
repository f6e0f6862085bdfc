//! Tests that decode arbitrary bytes as many types by every codec. The result is an error or a
//! value, never a panic.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::encoding::codec::{Codec, DecodeError, wire};

const ALL: [Codec; 3] = [Codec::Bincode, Codec::MsgPack, Codec::Json];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u32,
    name: String,
    flag: bool,
    letter: char,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested {
    flats: Vec<Flat>,
    pair: (Option<i64>, [u16; 3]),
    all: Result<BTreeMap<String, Flat>, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Recursive {
    Leaf(i8),
    One(Box<Recursive>),
    Many {
        of: Vec<Recursive>,
        or: Option<Box<Recursive>>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Choice {
    Unit,
    New(u64),
    Two(u8, i128),
    Named { a: f64 },
}

fn read<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    bytes: &[u8],
) -> Result<V, DecodeError> {
    let read = wire::decode(codec, bytes);
    assert_ne!(
        read.as_ref().err(),
        Some(&DecodeError::Panic),
        "{codec:?} {bytes:?}"
    );
    read
}

/// Decodes `bytes` as every type of this file by every codec.
fn read_all(bytes: &[u8]) {
    for codec in ALL {
        let _ = read::<Flat>(codec, bytes);
        let _ = read::<Nested>(codec, bytes);
        let _ = read::<Recursive>(codec, bytes);
        let _ = read::<BTreeSet<()>>(codec, bytes);
        let _ = read::<Vec<BTreeSet<()>>>(codec, bytes);
        let _ = read::<BTreeMap<u64, Vec<String>>>(codec, bytes);
        let _ = read::<Choice>(codec, bytes);
        let _ = read::<Vec<Choice>>(codec, bytes);
        let _ = read::<serde_json::Value>(codec, bytes);
    }
}

/// Asserts that an encoded value is decoded as it was, and that decoding never panics after the
/// byte at `at` was changed.
fn survives<V>(value: &V, at: prop::sample::Index, byte: u8)
where
    V: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    for codec in ALL {
        let mut bytes = Vec::new();
        wire::encode(codec, value, &mut bytes, usize::MAX).expect("writable");
        assert_eq!(read::<V>(codec, &bytes).as_ref(), Ok(value), "{codec:?}");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read::<V>(codec, &bytes);
        read_all(&bytes);
    }
}

fn flat() -> impl Strategy<Value = Flat> {
    let parts = (
        any::<u32>(),
        ".*",
        any::<bool>(),
        any::<char>(),
        any::<Vec<u8>>(),
    );
    parts.prop_map(|(id, name, flag, letter, bytes)| Flat {
        id,
        name,
        flag,
        letter,
        bytes,
    })
}

fn nested() -> impl Strategy<Value = Nested> {
    let map = prop::collection::btree_map(".*", flat(), 0..3);
    let all = prop::result::maybe_err(map, ".*");
    let pair = any::<(Option<i64>, [u16; 3])>();
    let parts = (prop::collection::vec(flat(), 0..3), pair, all);
    parts.prop_map(|(flats, pair, all)| Nested { flats, pair, all })
}

fn recursive() -> impl Strategy<Value = Recursive> {
    let leaf = any::<i8>().prop_map(Recursive::Leaf);
    leaf.prop_recursive(6, 30, 4, |inner| {
        let many = (
            prop::collection::vec(inner.clone(), 0..4),
            prop::option::of(inner.clone().prop_map(Box::new)),
        );
        prop_oneof![
            inner.prop_map(|one| Recursive::One(Box::new(one))),
            many.prop_map(|(of, or)| Recursive::Many { of, or }),
        ]
    })
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Unit),
        any::<u64>().prop_map(Choice::New),
        any::<(u8, i128)>().prop_map(|(a, b)| Choice::Two(a, b)),
        prop::num::f64::NORMAL.prop_map(|a| Choice::Named { a }),
    ]
}

/// Generates bytes in which lengths, markers and brackets of the codecs are more frequent than by
/// chance.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(&b"\x00\x01\x02\x03\xfb\xfc\xfd\xfe\xff"[..]),
        prop::sample::select(&b"\x80\x81\x91\xa1\xc0\xc4\xc7\xd4\xdb\xdc\xdd\xde\xdf"[..]),
        prop::sample::select(&b"{}[]\":,1e-.\\nu"[..]),
    ];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in bytes()) {
        read_all(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn values_survive_and_changed_bytes_never_panic(
        flat in flat(),
        nested in nested(),
        recursive in recursive(),
        choice in choice(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        survives(&flat, at, byte);
        survives(&nested, at, byte);
        survives(&recursive, at, byte);
        survives(&choice, at, byte);
    }
}
