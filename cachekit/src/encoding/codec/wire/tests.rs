use core::net::IpAddr;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serializer};
use uuid::Uuid;

use super::*;

const ALL: [Codec; 3] = [Codec::Bincode, Codec::MsgPack, Codec::Json];

fn write<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    value: &V,
) -> Result<Vec<u8>, EncodeError> {
    // Encoding appends: the bytes that `out` already has must not change.
    let mut out = b"header".to_vec();
    encode(codec, value, &mut out, 1 << 20)?;
    assert_eq!(&out[..6], b"header");
    Ok(out.split_off(6))
}

fn read<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    bytes: &[u8],
) -> Result<V, DecodeError> {
    decode(codec, bytes)
}

fn survives<V>(value: &V)
where
    V: Serialize + DeserializeOwned + PartialEq + fmt::Debug + 'static,
{
    for codec in ALL {
        let bytes = write(codec, value).expect("writable");
        assert_eq!(read::<V>(codec, &bytes).as_ref(), Ok(value), "{codec:?}");
        fingerprint::<V>(codec).expect("carried");

        let mut longer = bytes.clone();
        longer.push(b'0');
        let longer = read::<V>(codec, &longer);
        assert!(
            longer != Ok(value_of(&bytes, codec)),
            "{codec:?} left a byte"
        );
        if let Some(shorter) = bytes.len().checked_sub(1) {
            let shorter = read::<V>(codec, &bytes[..shorter]);
            assert!(
                shorter != Ok(value_of(&bytes, codec)),
                "{codec:?} made up a byte"
            );
        }
    }
}

fn value_of<V: Serialize + DeserializeOwned + 'static>(bytes: &[u8], codec: Codec) -> V {
    read(codec, bytes).expect("readable")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
    role: Role,
    manager: Option<Box<User>>,
    tags: BTreeMap<String, Vec<i32>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Role {
    Guest,
    Member(u8),
    Owner { since: i64, shares: (f32, char) },
}

fn user() -> User {
    User {
        id: u64::MAX,
        name: "Ann \u{1f980}".to_owned(),
        role: Role::Owner {
            since: -1,
            shares: (0.5, 'ß'),
        },
        manager: None,
        tags: BTreeMap::from([("a".to_owned(), vec![1, -2])]),
    }
}

#[test]
fn structs_and_enums_survive() {
    let mut ann = user();
    ann.manager = Some(Box::new(User {
        role: Role::Member(3),
        ..user()
    }));
    survives(&ann);
    survives(&vec![Role::Guest, Role::Member(0)]);
}

#[test]
fn foreign_types_survive() {
    survives(&Uuid::from_u128(7));
    survives(&[IpAddr::from([1, 2, 3, 4]), IpAddr::from([0; 16])]);
    survives(&Duration::new(1, 2));
    survives(&(SystemTime::UNIX_EPOCH + Duration::from_secs(9)));
    survives(&NonZeroU32::MIN);
    survives(&(i128::MIN, u128::MAX, i8::MIN, 'x', true, -0.0_f64));
    survives(&[[1_u8, 2], [3, 4]]);
    survives(&HashMap::from([
        ("k".to_owned(), Some(1)),
        (String::new(), None),
    ]));
    survives(&HashMap::from([(3_u64, "three".to_owned())]));
}

#[test]
fn wrappers_survive() {
    survives(&Ok::<_, String>(vec![1_u8]));
    survives(&Err::<u8, _>("no".to_owned()));
    survives(&Some(vec![Some(1), None]));
    survives(&Arc::new("shared".to_owned()));
    survives(&vec![0_u8; 100_000]);
    survives(&"x".repeat(100_000));
    survives(&());
    survives(&String::new());
    survives(&vec![(), (), ()]);
}

#[test]
fn a_nested_option_survives_in_bincode_alone() {
    let bytes = write(Codec::Bincode, &Some(None::<u8>)).unwrap();
    assert_eq!(read(Codec::Bincode, &bytes), Ok(Some(None::<u8>)));
}

#[test]
fn json_has_no_infinity() {
    let Err(EncodeError::Type(why)) = write(Codec::Json, &f64::INFINITY) else {
        panic!("it was written");
    };
    assert!(
        why.contains("`NaN`") && why.contains("codec = msgpack"),
        "{why}"
    );
    assert!(write(Codec::Json, &0.0).is_ok(), "another value is written");
}

#[test]
fn a_limit_is_kept_to_the_byte() {
    let value = vec![u64::MAX; 1000];
    for codec in ALL {
        let len = write(codec, &value).unwrap().len();
        let mut out = vec![1, 2];
        let short = encode(codec, &value, &mut out, len - 1);
        assert_eq!(short, Err(EncodeError::TooLarge));
        assert_eq!(out, [1, 2], "{codec:?}");
        assert!(out.capacity() < 2 * len, "{codec:?}");
        assert_eq!(encode(codec, &value, &mut out, len), Ok(()), "{codec:?}");
        assert_eq!(out.len(), len + 2);
    }
}

/// A type whose `Serialize` ignores an error of its serializer and continues.
#[derive(Debug, Deserialize)]
struct Careless;

impl Serialize for Careless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_tuple(2)?;
        let _ = serde::ser::SerializeTuple::serialize_element(&mut out, "far too long");
        serde::ser::SerializeTuple::serialize_element(&mut out, &1_u8)?;
        serde::ser::SerializeTuple::end(out)
    }
}

#[test]
fn an_error_that_is_swallowed_stays_one() {
    let mut out = Vec::new();
    for codec in [Codec::Bincode, Codec::MsgPack] {
        let written = encode(codec, &Careless, &mut out, 8);
        assert_eq!(written, Err(EncodeError::TooLarge), "{codec:?}");
        assert!(out.is_empty());
    }
}

#[derive(Debug, PartialEq)]
struct Moody {
    panics: bool,
}

impl Serialize for Moody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(Some(2))?;
        serde::ser::SerializeSeq::serialize_element(&mut out, &7_u8)?;
        assert!(!self.panics, "in Serialize, on purpose");
        Err(serde::ser::Error::custom("on purpose"))
    }
}

impl<'de> Deserialize<'de> for Moody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        assert_ne!(number, 9, "in Deserialize, on purpose");
        Ok(Self { panics: false })
    }
}

#[test]
fn a_panic_and_an_error_of_the_value_are_its_own() {
    for codec in ALL {
        for panics in [true, false] {
            let mut out = vec![1];
            let value = Moody { panics };
            let written = encode(codec, &value, &mut out, 100);
            assert_eq!(written, Err(EncodeError::Value), "{codec:?}");
            assert_eq!(out, [1], "{codec:?} left half a value");
        }
        let nine = write(codec, &9_u8).unwrap();
        assert_eq!(read::<Moody>(codec, &nine), Err(DecodeError::Panic));
        let eight = write(codec, &8_u8).unwrap();
        assert_eq!(read(codec, &eight), Ok(Moody { panics: false }));
    }
}

#[test]
fn what_a_codec_cannot_carry_is_said_in_words() {
    let map = BTreeMap::from([(vec![1_u8], 1_u8)]);
    let Err(EncodeError::Type(words)) = write(Codec::Json, &map) else {
        panic!("JSON has string keys");
    };
    assert!(
        words.contains("keys") && words.contains("codec = msgpack"),
        "{words}"
    );
    assert!(write(Codec::Bincode, &map).is_ok());
    assert!(write(Codec::MsgPack, &map).is_ok());
}

#[test]
fn only_what_is_read_by_position_has_a_fingerprint() {
    let fingerprint = fingerprint::<User>;
    assert_ne!(fingerprint(Codec::Bincode), Ok(0));
    assert_eq!(fingerprint(Codec::Bincode), fingerprint(Codec::Bincode));
    assert_eq!(fingerprint(Codec::MsgPack), Ok(0));
    assert_eq!(fingerprint(Codec::Json), Ok(0));
}

#[test]
fn a_named_codec_reads_what_an_older_type_wrote() {
    #[derive(Serialize, Deserialize)]
    struct Old {
        name: String,
        gone: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct New {
        #[serde(default)]
        added: u8,
        name: String,
    }
    for codec in [Codec::MsgPack, Codec::Json] {
        let old = Old {
            name: "Ann".to_owned(),
            gone: 1,
        };
        let new = read::<New>(codec, &write(codec, &old).unwrap()).unwrap();
        assert_eq!((new.added, new.name.as_str()), (0, "Ann"), "{codec:?}");
    }
}
