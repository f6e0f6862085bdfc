//! From a codec's name to its functions; what user code does in them is caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::encoding::codec::checked::Watch;
use crate::encoding::codec::checked::found::Found;
use crate::encoding::codec::schema::Schema;
use crate::encoding::codec::sink::Sink;
use crate::encoding::codec::unfit::Unfit;
use crate::encoding::codec::{Codec, DecodeError, EncodeError, schema};

/// The fingerprint of `V`'s shape under `codec`, or why the codec cannot carry it.
pub(crate) fn fingerprint<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
) -> Result<u64, String> {
    if codec.is_available() {
        schema::of::<V>(codec).fingerprint(codec)
    } else {
        Err(codec.is_off())
    }
}

/// Appends `value` as `codec` writes it.
pub(crate) fn encode<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    value: &V,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), EncodeError> {
    if !codec.is_available() {
        return Err(EncodeError::Type(codec.is_off()));
    }
    let start = out.len();
    let schema = schema::of::<V>(codec);
    let written = write(codec, schema, value, out, limit);
    let written = written.and_then(|looks| {
        let is_like = !looks || is_read_back::<V>(codec, &out[start..]);
        if is_like {
            Ok(())
        } else {
            Err(EncodeError::Type(schema.refuse(codec, &Found::unlike())))
        }
    });
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Appends `value`, if it is seen to be read back; says whether it is to be looked at more closely.
fn write<V: Serialize>(
    codec: Codec,
    schema: &Schema,
    value: &V,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<bool, EncodeError> {
    schema.fingerprint(codec).map_err(EncodeError::Type)?;
    let shapes = schema.look();
    let watch = Watch::new(codec, shapes);
    let mut sink = Sink::new(out, limit);
    let written = by(codec, &watch.over(value), &mut sink);
    // A `Serialize` may take an error for its own, and go on.
    if sink.is_full() {
        return Err(EncodeError::TooLarge);
    }
    let is_sparse = watch.is_sparse();
    let refused = |found| EncodeError::Type(schema.refuse(codec, &found));
    if let Some(found) = watch.into_found() {
        return Err(refused(found));
    }
    written.map_err(|unfit| match unfit {
        Unfit::Type(found) => refused(found),
        Unfit::Value => EncodeError::Value,
    })?;
    Ok(shapes.is_some() || (is_sparse && schema.looks_at_sparse()))
}

/// Appends `value` as it is.
fn by<T: Serialize>(codec: Codec, value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    // All that a panic can leave half done is what is appended to, and that is cut.
    let written = catch_unwind(AssertUnwindSafe(|| match codec {
        #[cfg(feature = "bincode")]
        Codec::Bincode => crate::encoding::codec::bincode::encode(value, sink),
        #[cfg(feature = "msgpack")]
        Codec::MsgPack => crate::encoding::codec::msgpack::encode(value, sink),
        #[cfg(feature = "json")]
        Codec::Json => crate::encoding::codec::json::encode(value, sink),
        #[cfg(not(all(feature = "bincode", feature = "msgpack", feature = "json")))]
        _ => Err(Unfit::Value),
    }));
    written.unwrap_or(Err(Unfit::Value))
}

/// Whether what is read from `bytes` is written as these: in any order, as that of a hash map is
/// another each time. Of what `Serialize` and `Deserialize` agree on leaving out there is no sign.
fn is_read_back<V: Serialize + DeserializeOwned>(codec: Codec, bytes: &[u8]) -> bool {
    let Ok(value) = decode::<V>(codec, bytes) else {
        return false;
    };
    let mut again = Vec::with_capacity(bytes.len());
    let watch = Watch::new(codec, None);
    let mut sink = Sink::new(&mut again, bytes.len());
    let is_written = by(codec, &watch.over(&value), &mut sink).is_ok();
    is_written && counts(&again) == counts(bytes)
}

/// How often each byte is there.
fn counts(bytes: &[u8]) -> [usize; 256] {
    let mut counts = [0; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    counts
}

/// Reads all of `bytes`.
pub(crate) fn decode<V: DeserializeOwned>(codec: Codec, bytes: &[u8]) -> Result<V, DecodeError> {
    let read = catch_unwind(|| match codec {
        #[cfg(feature = "bincode")]
        Codec::Bincode => crate::encoding::codec::bincode::decode(bytes),
        #[cfg(feature = "msgpack")]
        Codec::MsgPack => crate::encoding::codec::msgpack::decode(bytes),
        #[cfg(feature = "json")]
        Codec::Json => crate::encoding::codec::json::decode(bytes),
        #[cfg(not(all(feature = "bincode", feature = "msgpack", feature = "json")))]
        _ => Err(DecodeError::Codec),
    });
    read.unwrap_or(Err(DecodeError::Panic))
}

#[cfg(test)]
#[cfg(all(feature = "bincode", feature = "msgpack", feature = "json"))]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::fmt;
    use std::net::IpAddr;
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
        // Something stands there already, and has to stay.
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

    /// Says `Ok` whatever its serializer said.
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
}
