//! Codecs, which encode values for Redis, and decode bytes from Redis that anybody may have
//! written.

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
/// Whatever bytes Redis returns, the cache reads them as a value or takes them for a miss. Bytes
/// that announce more elements than they contain, or that nest more than 128 layers, are rejected
/// before they cost memory. Bytes that continue after the end of the value are rejected, too. When
/// a value is written, it is rejected if it is larger than the cache's limit or nests more than 127
/// layers.
///
/// # Values that would come back as others
///
/// If a codec would not read a value back as it was, the value is not stored in Redis, but stays in
/// memory. The value counts as unstorable
/// ([`RedisStats::unstorable`](crate::model::redis_stats::RedisStats::unstorable)), and a warning
/// gives the reason, once for each function. With every codec, a value is unstorable if one of its
/// fields is written and not read, or read and not written (`skip_serializing`,
/// `skip_deserializing`, two names in `rename`). The documentation of each codec lists further
/// reasons. In addition, the cache reads the first values of each type back and writes them again.
/// In debug builds, the cache does so with all values. In this way, the cache finds a type whose
/// `Serialize` and `Deserialize` differ, or whose `skip_serializing_if` omits a value that differs
/// from the field's `default`.
///
/// The cache cannot detect some losses, because serde gives no sign of them. The following values
/// change on the way through Redis, but not in memory:
///
/// - a field with `#[serde(skip)]` comes back as its default;
/// - a field with `skip_serializing` comes back as its default if the field is in a struct with
///   `flatten`, in an enum with `tag` or `untagged`, or anywhere inside of such a type;
/// - a value of an `untagged` enum comes back as the first variant whose form fits;
/// - a value that your own `Serialize` rounds, shortens or hides comes back rounded, shortened or
///   hidden.
///
/// Write `tier = memory` for a function that returns such a type.
///
/// A `None` or `Err` that a cached function itself returns is not part of the encoded value, so no
/// codec changes it.
///
/// # Without bincode
///
/// bincode is the default codec because it is the smallest and the fastest. bincode is also
/// finished: version 2.0.1 is frozen, and nobody maintains it. RUSTSEC-2025-0141 reports this fact,
/// and no defect, so `cargo deny` and `cargo audit` list bincode. To build without bincode:
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
    /// The bytes contain values and no names, so a fingerprint of the type's shape is stored with
    /// each value. If the fields, variants or kinds of numbers of the type change, older values are
    /// misses and are not misread. bincode cannot encode a type with `#[serde(flatten)]`,
    /// `untagged`, `tag` or `skip_serializing_if`, or a `serde_json::Value`; such a value is
    /// unstorable.
    Bincode,
    /// `MessagePack` with field names (feature `msgpack`).
    ///
    /// This codec is for every type that serde can describe, and for types that change: after
    /// fields were added, removed or reordered, older values are still hits. A value takes up to
    /// twice as many bytes as with bincode. A `Some` that contains nothing, such as `Some(None)` or
    /// `Some(())`, is not stored in Redis, because it would come back as `None`.
    MsgPack,
    /// JSON (feature `json`).
    ///
    /// This codec is for values that people or other programs read. JSON tolerates the changes of a
    /// type that [`MsgPack`](Self::MsgPack) tolerates. The values that `MsgPack` does not store are
    /// not stored as JSON either. In addition, a `NaN`, an infinity, and a map whose keys are
    /// neither strings nor numbers are not stored.
    Json,
}

impl Codec {
    /// Returns `true` if this build can use the codec, because the codec's feature is on.
    pub const fn is_available(self) -> bool {
        match self {
            Self::Bincode => cfg!(feature = "bincode"),
            Self::MsgPack => cfg!(feature = "msgpack"),
            Self::Json => cfg!(feature = "json"),
        }
    }

    /// Returns the number of this codec in the bytes of an entry in Redis.
    pub(crate) const fn id(self) -> u8 {
        match self {
            Self::Bincode => 1,
            Self::MsgPack => 2,
            Self::Json => 3,
        }
    }

    /// Returns the codec with the number `id` in bytes in Redis. Returns `None` if no codec has it.
    pub(crate) fn of_id(id: u8) -> Option<Self> {
        let all = [Self::Bincode, Self::MsgPack, Self::Json];
        all.into_iter().find(|codec| codec.id() == id)
    }

    /// Returns the text of a message about a codec that this build cannot use. The text names the
    /// feature that the build needs.
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

    /// Returns the text of the error for a use of this codec in a build without the codec's
    /// feature.
    fn is_off(self) -> String {
        format!("the feature `{self}` of `cachekit` is off; turn it on, or name another codec")
    }

    /// Returns the default codec: the first of bincode, `MessagePack` and JSON whose feature is on.
    /// Returns `None` if all three features are off.
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

/// The reason why a value could not be encoded for Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    all(
        feature = "redis",
        not(any(feature = "bincode", feature = "msgpack", feature = "json"))
    ),
    expect(dead_code, reason = "no codec is on")
)]
pub(crate) enum EncodeError {
    /// The codec cannot encode the value or its type. The text gives the reason and names a remedy.
    Type(String),
    /// The encoded value would be larger than the cache's limit `max_value_bytes`.
    TooLarge,
    /// The `Serialize` of the value's type failed or panicked.
    Value,
}

/// The reason why bytes from Redis could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    all(
        feature = "redis",
        not(any(feature = "bincode", feature = "msgpack", feature = "json"))
    ),
    expect(dead_code, reason = "no codec is on")
)]
pub(crate) enum DecodeError {
    /// The entry was encoded by a codec that this build cannot use, because the codec's feature is
    /// off.
    #[cfg_attr(
        all(not(test), feature = "bincode", feature = "msgpack", feature = "json"),
        expect(dead_code, reason = "every feature is on")
    )]
    Codec,
    /// The bytes are not a value of the expected type, or they are longer or nest deeper than
    /// allowed.
    Decode,
    /// The `Deserialize` of the value's type panicked.
    Panic,
}

/// Encoding and decoding in a build without codecs, in which every function returns an error.
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
