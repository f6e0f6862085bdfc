//! Codecs: values to bytes for Redis, and back from bytes that may be anything.

#[cfg(feature = "bincode")]
pub(crate) mod bincode;
pub(crate) mod cacheable;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod checked;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod fnv;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod guard;
#[cfg(feature = "json")]
pub(crate) mod json;
#[cfg(feature = "msgpack")]
pub(crate) mod msgpack;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod schema;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod sink;
pub(crate) mod type_codec;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod unfit;
#[cfg(feature = "serde")]
pub(crate) mod weight;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
pub(crate) mod wire;

use std::fmt;
use std::str::FromStr;

/// The encoding of values in Redis.
///
/// Reading any bytes ends in a value or in a miss. Bytes that announce more than they have, that
/// nest more than 128 layers, or that are left over are rejected before they cost memory. A value
/// beyond the cache's limit, or deeper than 127 layers, is rejected when it is written.
///
/// # Values that would come back as others
///
/// If a codec would not read a value back as it was, the value is not stored in Redis, but stays in
/// memory. It counts as unstorable
/// ([`RedisStats::unstorable`](crate::model::stats::RedisStats::unstorable)), and a warning gives the
/// reason, once for each function. With every codec, this holds for fields that are written and not
/// read, or read and not written (`skip_serializing`, `skip_deserializing`, two names in `rename`);
/// each codec lists more. Besides, the first values of each type, and in debug builds all, are read
/// back and written again. That shows where `Serialize` and `Deserialize` differ, and where
/// `skip_serializing_if` leaves out another value than `default` gives.
///
/// serde gives no sign of some losses. These values change on the way through Redis, but not in
/// memory:
///
/// - a field with `#[serde(skip)]` comes back as its default;
/// - so does a field with `skip_serializing` in a struct with `flatten`, in an enum with `tag` or
///   `untagged`, and in everything inside of these;
/// - a value of an `untagged` enum comes back as the first variant that its form fits;
/// - a value that your own `Serialize` rounds, shortens or hides stays so.
///
/// Write `tier = memory` for the functions that return such a type.
///
/// The `None` and `Err` of a cached function itself are kept beside the value, and no codec
/// sees them.
///
/// # Without bincode
///
/// bincode is the default because it is the smallest and the fastest. It is also finished:
/// version 2.0.1 is frozen and nobody maintains it (RUSTSEC-2025-0141, which reports that
/// and no defect), so `cargo deny` and `cargo audit` name it. To build without it:
///
/// ```toml
/// cachekit = { version = "0.1", default-features = false, features = ["redis", "msgpack"] }
/// ```
///
/// # Examples
///
/// ```
/// use cachekit::Codec;
///
/// let codec: Codec = "msgpack".parse()?;
/// assert_eq!(codec, Codec::MsgPack);
/// // `true` if this build can use the codec.
/// assert_eq!(codec.is_available(), cfg!(feature = "msgpack"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// bincode 2: compact and fast (feature `bincode`).
    ///
    /// The bytes hold values and no names, so the shape of the type is stored beside them. If its
    /// fields, variants or numbers change, older values are misses and are not misread. bincode
    /// cannot carry `#[serde(flatten)]`, `untagged`, `tag`, `skip_serializing_if` or a
    /// `serde_json::Value`; such a value is unstorable.
    Bincode,
    /// `MessagePack` with field names (feature `msgpack`).
    ///
    /// For every type that serde can describe, and for types that change: added, removed and
    /// reordered fields leave the cache warm. Values are up to twice as large as bincode's.
    /// A `Some` that holds nothing, as `Some(None)` and `Some(())`, is not stored: it would come
    /// back as `None`.
    MsgPack,
    /// JSON (feature `json`).
    ///
    /// For values that people or other programs read. It tolerates the changes that
    /// [`MsgPack`](Self::MsgPack) tolerates, and does not store what that does not store. Nor does it
    /// store a `NaN` or an infinity, or maps whose keys are neither strings nor numbers.
    Json,
}

impl Codec {
    /// Returns `true` if the feature of this codec is on.
    pub const fn is_available(self) -> bool {
        match self {
            Self::Bincode => cfg!(feature = "bincode"),
            Self::MsgPack => cfg!(feature = "msgpack"),
            Self::Json => cfg!(feature = "json"),
        }
    }

    /// Returns the number of this codec in an entry's bytes.
    pub(crate) const fn id(self) -> u8 {
        match self {
            Self::Bincode => 1,
            Self::MsgPack => 2,
            Self::Json => 3,
        }
    }

    /// Returns the remedy for a codec whose feature is off, for a message.
    #[doc(hidden)]
    pub const fn __remedy(self) -> &'static str {
        match self {
            Self::Bincode => {
                "`codec = bincode` needs the feature `bincode` of cachekit; turn it on"
            }
            Self::MsgPack => {
                "`codec = msgpack` needs the feature `msgpack` of cachekit; turn it on"
            }
            Self::Json => "`codec = json` needs the feature `json` of cachekit; turn it on",
        }
    }

    /// Returns the error for a codec whose feature is off.
    fn is_off(self) -> String {
        format!("the feature `{self}` of `cachekit` is off; turn it on, or name another codec")
    }

    /// Returns the default codec: the first whose feature is on.
    pub(crate) fn preferred() -> Option<Self> {
        [Self::Bincode, Self::MsgPack, Self::Json]
            .into_iter()
            .find(|codec| codec.is_available())
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bincode => "bincode",
            Self::MsgPack => "msgpack",
            Self::Json => "json",
        })
    }
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "bincode" => Ok(Self::Bincode),
            "msgpack" | "messagepack" => Ok(Self::MsgPack),
            "json" => Ok(Self::Json),
            _ => Err("expected `bincode`, `msgpack` or `json`".to_owned()),
        }
    }
}

/// The reason why a value could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    all(
        feature = "redis",
        not(any(feature = "bincode", feature = "msgpack", feature = "json"))
    ),
    expect(dead_code, reason = "no codec is on")
)]
pub(crate) enum EncodeError {
    /// The codec cannot carry the type; the reason in words.
    Type(String),
    /// The value is larger than allowed.
    TooLarge,
    /// The value's own `Serialize` failed or panicked.
    Value,
}

/// The reason why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    all(
        feature = "redis",
        not(any(feature = "bincode", feature = "msgpack", feature = "json"))
    ),
    expect(dead_code, reason = "no codec is on")
)]
pub(crate) enum DecodeError {
    /// The codec's feature is off.
    #[cfg_attr(
        all(not(test), feature = "bincode", feature = "msgpack", feature = "json"),
        expect(dead_code, reason = "every feature is on")
    )]
    Codec,
    /// The codec did not write the bytes, or they are longer or deeper than allowed.
    Decode,
    /// The type's own `Deserialize` panicked.
    Panic,
}

/// Encoding and decoding in a build without codecs: always an error.
#[cfg(all(
    feature = "serde",
    not(any(feature = "bincode", feature = "msgpack", feature = "json"))
))]
pub(crate) mod wire {
    use super::{DecodeError, EncodeError};
    use crate::encoding::codec::Codec;

    pub(crate) fn encode<V>(
        codec: Codec,
        _: &V,
        _: &mut Vec<u8>,
        _: usize,
    ) -> Result<(), EncodeError> {
        Err(EncodeError::Type(codec.is_off()))
    }

    pub(crate) fn decode<V>(_: Codec, _: &[u8]) -> Result<V, DecodeError> {
        Err(DecodeError::Codec)
    }

    #[expect(
        clippy::extra_unused_type_parameters,
        reason = "as where there is a codec"
    )]
    pub(crate) fn fingerprint<V>(codec: Codec) -> Result<u64, String> {
        Err(codec.is_off())
    }
}

#[cfg(test)]
#[cfg(feature = "serde")]
mod tests {
    use super::*;
    use crate::encoding::codec::type_codec::Wire;

    #[test]
    fn a_codec_whose_feature_is_off_says_so() {
        let wire = Wire::serde::<u8>();
        for (codec, feature) in [
            (Codec::Bincode, "`bincode`"),
            (Codec::MsgPack, "`msgpack`"),
            (Codec::Json, "`json`"),
        ] {
            let mut out = Vec::new();
            let written = (wire.encode)(codec, &Some(7_u8), &mut out, 10);
            let read = (wire.decode)(codec, &out);
            let read = read.map(|read| *read.downcast_ref::<Option<u8>>().expect("its type"));
            if codec.is_available() {
                assert_eq!((written, read), (Ok(()), Ok(Some(7))));
                continue;
            }
            assert_eq!(read, Err(DecodeError::Codec));
            let why = (wire.fingerprint)(codec).unwrap_err();
            assert!(why.contains(feature), "{why}");
            assert_eq!(written, Err(EncodeError::Type(why)));
        }
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        assert_eq!(" MsgPack ".parse(), Ok(Codec::MsgPack));
        assert_eq!("bincode".parse(), Ok(Codec::Bincode));
        assert_eq!("JSON".parse(), Ok(Codec::Json));
        assert!("yaml".parse::<Codec>().is_err());
    }
}
