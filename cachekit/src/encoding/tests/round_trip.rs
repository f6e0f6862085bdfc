//! Tests that encode and decode every kind of value by every codec. The value is decoded as it was,
//! or rejected when it is encoded, or its bytes are rejected when they are decoded. A value is
//! never decoded as another value.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::encoding::codec::{Codec, EncodeError, wire};

/// The expected result of encoding and decoding a value.
#[derive(Debug, PartialEq)]
enum Comes {
    /// The value is decoded as it was.
    Back,
    /// Encoding fails, with an error that contains this advice.
    Refused(&'static str),
    /// Encoding succeeds, and decoding fails, so a call counts a miss.
    Missed,
}
use crate::encoding::tests::round_trip::Comes::{Back, Missed, Refused};

const OUT: Comes = Refused("remove the attribute, or write `tier = memory`");
const NAMES: Comes = Refused("write `codec = msgpack`");
const AGREE: Comes = Refused("let `Serialize` and `Deserialize` agree");
const TELLS: Comes = Refused("write `codec = bincode` or `tier = memory`");

/// Asserts the results of encoding and decoding `value` by bincode, `MessagePack` and JSON, in this
/// order.
fn comes<V>(value: &V, expected: [&Comes; 3])
where
    V: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    for (codec, expected) in [Codec::Bincode, Codec::MsgPack, Codec::Json]
        .into_iter()
        .zip(expected)
    {
        let mut out = Vec::new();
        let written = wire::encode(codec, value, &mut out, 1 << 20);
        match (written, expected) {
            (Err(EncodeError::Type(why)), Refused(remedy)) => {
                assert!(why.contains(remedy), "{codec} {value:?}: {why}");
                // An error whose advice is to use `MessagePack` is expected only if `MessagePack`
                // loses no data.
                assert!(*expected == NAMES || !why.contains("msgpack`"), "{why}");
            }
            (Ok(()), expected) => match wire::decode::<V>(codec, &out) {
                Ok(read) => {
                    assert_eq!(&read, value, "{codec} makes another value of it");
                    assert_eq!(expected, &Back, "{codec} {value:?}");
                }
                Err(_) => assert_eq!(expected, &Missed, "{codec} {value:?}"),
            },
            (written, _) => panic!("{codec} {value:?}: {written:?}, not {expected:?}"),
        }
    }
}

/// Declares a struct with the given fields, and creates a value of it.
macro_rules! record {
    ($(#[$meta:meta])* { $($(#[$attr:meta])* $field:ident: $type:ty = $value:expr),* $(,)? }) => {{
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        $(#[$meta])*
        struct Record { $($(#[$attr])* $field: $type),* }
        Record { $($field: $value),* }
    }};
}

fn text() -> String {
    "text".to_owned()
}

fn one() -> u8 {
    1
}

#[test]
fn fields_that_go_one_way() {
    let all = [&OUT, &OUT, &OUT];
    comes(
        &record!({ id: u64 = 1, #[serde(skip_serializing, default)] secret: String = text() }),
        all,
    );
    comes(
        &record!({ #[serde(skip_serializing)] secret: Option<u8> = Some(1), id: u64 = 1 }),
        all,
    );
    comes(
        &record!({ id: u64 = 1, #[serde(skip_deserializing)] derived: String = text() }),
        all,
    );
    // A written field is not read, and a read field is not written, so the numbers of fields are
    // equal.
    comes(
        &record!({
            #[serde(skip_deserializing)] derived: u8 = 1,
            #[serde(skip_serializing, default)] secret: u8 = 2,
        }),
        all,
    );
    comes(
        &record!({ #[serde(rename(serialize = "a", deserialize = "b"), default)] a: u8 = 1 }),
        all,
    );
    comes(
        &vec![Some(
            record!({ id: u64 = 1, #[serde(skip_serializing, default)] secret: u8 = 2 }),
        )],
        all,
    );
    comes(
        &record!({
            id: serde_json::Value = serde_json::json!({"a": [1]}),
            #[serde(skip_serializing, default)] secret: u8 = 2,
        }),
        [&NAMES, &OUT, &OUT],
    );
}

#[test]
fn tuples_and_variants_that_go_one_way() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(u8, #[serde(skip_serializing, default)] u8);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Event {
        Named {
            id: u8,
            #[serde(skip_serializing, default)]
            secret: u8,
        },
        Tuple(u8, #[serde(skip_serializing, default)] u8),
        #[serde(skip_deserializing)]
        Gone,
        #[serde(other)]
        Other,
    }
    let all = [&OUT, &OUT, &OUT];
    comes(&Pair(1, 2), all);
    comes(&Event::Gone, all);
    comes(&Event::Named { id: 1, secret: 2 }, all);
    comes(&Event::Tuple(1, 2), all);
}

#[test]
fn fields_that_are_left_out_now_and_then() {
    let if_none = |note: Option<u8>| {
        record!({
            #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<u8> = note,
            id: u8 = 1,
        })
    };
    comes(&if_none(None), [&NAMES, &Back, &Back]);
    // `skip_serializing_if` leaves out 0, but the default of the field is not 0.
    let unlike = record!({
        #[serde(default = "one", skip_serializing_if = "is_zero")] count: u8 = 0,
        id: u8 = 1,
    });
    comes(&unlike, [&NAMES, &AGREE, &AGREE]);
    let required = record!({
        #[serde(skip_serializing_if = "is_zero")] count: u8 = 0,
        id: u8 = 1,
    });
    comes(&required, [&NAMES, &AGREE, &AGREE]);
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// The cache cannot notice a field with `#[serde(skip)]`, because neither `Serialize` nor
/// `Deserialize` mentions the field. The documentation of `Codec` says so.
#[test]
fn a_skipped_field_is_not_seen() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Skipping {
        id: u8,
        #[serde(skip)]
        here: u8,
    }
    for codec in [Codec::Bincode, Codec::MsgPack, Codec::Json] {
        let mut out = Vec::new();
        wire::encode(codec, &Skipping { id: 1, here: 2 }, &mut out, 100).unwrap();
        let read = wire::decode(codec, &out);
        assert_eq!(read, Ok(Skipping { id: 1, here: 0 }), "{codec}");
    }
}

#[test]
fn an_option_in_an_option() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Option<u8>);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unit;
    let carried = [&Back, &TELLS, &TELLS];
    comes(&Some(None::<u8>), carried);
    comes(&vec![Some(Some(1)), Some(None), None], carried);
    comes(&Some(()), carried);
    comes(&Some(Wrapped(None)), carried);
    comes(&Some(Unit), carried);
    comes(&Some(serde_json::Value::Null), [&NAMES, &TELLS, &TELLS]);
    let all = [&Back, &Back, &Back];
    comes(&Some(Some(1)), all);
    comes(&Some(vec![None::<u8>]), all);
    comes(&Some((None::<u8>, ())), all);
    comes(&None::<()>, all);
}

#[test]
fn numbers_that_are_none() {
    for number in [f64::INFINITY, f64::NEG_INFINITY] {
        comes(&number, [&Back, &Back, &NAMES]);
        comes(&vec![Some(number)], [&Back, &Back, &NAMES]);
    }
    comes(&f32::INFINITY, [&Back, &Back, &NAMES]);
    for codec in [Codec::Bincode, Codec::MsgPack] {
        let mut out = Vec::new();
        wire::encode(codec, &vec![Some(f64::NAN)], &mut out, 100).unwrap();
        let read = wire::decode::<Vec<Option<f64>>>(codec, &out).unwrap();
        assert!(read[0].is_some_and(f64::is_nan));
    }
}

#[test]
fn numbers_and_keys_of_maps() {
    let all = [&Back, &Back, &Back];
    comes(&(i128::MIN, u128::MAX, u64::MAX, i64::MIN), all);
    comes(
        &[f64::MIN_POSITIVE, f64::MAX, 0.1 + 0.2, 1.0 / 3.0, -0.0],
        all,
    );
    comes(&[f32::MIN_POSITIVE, f32::MAX, 0.1, 1.0 / 3.0], all);
    comes(&BTreeMap::from([(u128::MAX, 1)]), all);
    comes(&BTreeMap::from([(-1_i8, 1)]), all);
    comes(&BTreeMap::from([(true, 1), (false, 2)]), all);
    comes(&BTreeMap::from([('x', 1)]), all);
    comes(&BTreeMap::from([(vec![1_u8], 1)]), [&Back, &Back, &NAMES]);
    comes(&BTreeMap::from([((1, 2), 1)]), [&Back, &Back, &NAMES]);
    comes(&BTreeMap::from([(Some(text()), 1)]), all);
}

#[test]
fn what_describes_itself() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u64),
        Text(String),
        Big(u128),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t")]
    enum Tagged {
        A { a: u8 },
        B,
    }
    let named = [&NAMES, &Back, &Back];
    comes(&Untagged::Number(1), named);
    comes(&Untagged::Text(text()), named);
    comes(&Tagged::A { a: 1 }, named);
    comes(&Tagged::B, named);
    comes(&record!(#[serde(tag = "kind")] { id: u8 = 1 }), named);
    let flat = record!({
        id: u8 = 1,
        #[serde(flatten)] rest: BTreeMap<String, u64> = BTreeMap::from([(text(), 1)]),
    });
    comes(&flat, named);
    // A key of the flattened map has the name of a field, so it is decoded as the field.
    let twice = record!({
        id: u8 = 1,
        #[serde(flatten)] rest: BTreeMap<String, u64> = BTreeMap::from([("id".to_owned(), 1)]),
    });
    comes(&twice, [&NAMES, &AGREE, &AGREE]);
    comes(&Untagged::Big(u128::MAX), [&NAMES, &AGREE, &AGREE]);
}

#[test]
fn an_enum_that_says_in_a_field_which_variant_it_is() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        A { a: u8 },
        B,
        C(u8),
    }
    let adjacent = |value: Adjacent| {
        for codec in [Codec::MsgPack, Codec::Json] {
            let mut out = Vec::new();
            wire::encode(codec, &value, &mut out, 100).unwrap();
            assert_eq!(wire::decode(codec, &out).as_ref(), Ok(&value));
        }
    };
    adjacent(Adjacent::A { a: 1 });
    adjacent(Adjacent::B);
    adjacent(Adjacent::C(1));
}

#[test]
fn other_names_and_other_ways() {
    let all = [&Back, &Back, &Back];
    comes(
        &record!({ #[serde(rename = "b", alias = "c", alias = "d")] a: u8 = 1, e: u8 = 2 }),
        all,
    );
    comes(
        &record!(#[serde(rename_all = "camelCase")] { first_name: String = text() }),
        all,
    );
    let millis = record!({
        #[serde(serialize_with = "seconds", deserialize_with = "millis")] length: u64 = 5,
    });
    comes(&millis, [&AGREE, &AGREE, &AGREE]);
    let halves = record!({ #[serde(serialize_with = "shown")] length: u64 = 5, rest: u64 = 3 });
    comes(&halves, [&AGREE, &AGREE, &AGREE]);
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn seconds<S: serde::Serializer>(length: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(*length)
}

fn millis<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(u64::deserialize(deserializer)? * 1000)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn shown<S: serde::Serializer>(length: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(length)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct List {
    next: Option<Box<List>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Node(Box<Tree>),
    Fork { left: Vec<Tree> },
    Both(Box<Tree>, u8),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Peano(Option<Box<Peano>>);

/// Wraps a value 300 times by `wrap`. Asserts after each time that the value is decoded as it was,
/// or that encoding fails because the value has too many layers.
fn deeper<V>(mut value: V, wrap: impl Fn(V) -> V)
where
    V: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    let mut last = [0; 3];
    for step in 1..=300 {
        value = wrap(value);
        for (at, codec) in [Codec::Bincode, Codec::MsgPack, Codec::Json]
            .into_iter()
            .enumerate()
        {
            let mut out = Vec::new();
            match wire::encode(codec, &value, &mut out, 1 << 20) {
                Ok(()) => {
                    assert_eq!(wire::decode(codec, &out).as_ref(), Ok(&value));
                    last[at] = step;
                }
                Err(EncodeError::Type(why)) => assert!(why.contains("layers"), "{why}"),
                Err(other) => panic!("{codec} {other:?}"),
            }
        }
    }
    assert!(last.iter().all(|step| (40..300).contains(step)), "{last:?}");
}

#[test]
fn what_is_too_deep_to_be_read_is_not_written() {
    deeper(List { next: None }, |list| List {
        next: Some(Box::new(list)),
    });
    deeper(Tree::Leaf, |tree| Tree::Node(Box::new(tree)));
    deeper(Tree::Leaf, |tree| Tree::Fork { left: vec![tree] });
    deeper(Tree::Leaf, |tree| Tree::Both(Box::new(tree), 1));
}

/// Encodes values of 7,000 layers on the thread of a test, which has a stack of 2 MiB.
#[test]
fn no_depth_overflows_the_stack() {
    fn ends<V: Serialize + DeserializeOwned + 'static>(value: &V) {
        for codec in [Codec::Bincode, Codec::MsgPack, Codec::Json] {
            let written = wire::encode(codec, value, &mut Vec::new(), 1 << 20);
            assert!(written.is_err(), "{codec}");
        }
    }
    let deep = |count| (0..count).fold(Tree::Leaf, |tree, _| Tree::Node(Box::new(tree)));
    ends(&deep(7_000));
    ends(&(0..7_000).fold(Peano(None), |inner, _| Peano(Some(Box::new(inner)))));
}
