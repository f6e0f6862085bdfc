//! How values are written for Redis, and read back from bytes that may be anything.

#[cfg(feature = "bincode")]
mod bincode;
#[cfg(feature = "bincode")]
mod checked;
#[cfg(feature = "bincode")]
mod fnv;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
mod guard;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "bincode")]
mod schema;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
mod sink;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "json"))]
mod wire;

use std::fmt;
use std::str::FromStr;

/// How values are written for Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// bincode 2: compact and fast (feature `bincode`).
    Bincode,
    /// `MessagePack` with field names (feature `msgpack`).
    MsgPack,
    /// JSON (feature `json`).
    Json,
}

impl Codec {
    /// Whether the feature that it needs is on.
    pub const fn is_available(self) -> bool {
        match self {
            Self::Bincode => cfg!(feature = "bincode"),
            Self::MsgPack => cfg!(feature = "msgpack"),
            Self::Json => cfg!(feature = "json"),
        }
    }

    /// Its number in an entry's bytes.
    pub(crate) const fn id(self) -> u8 {
        match self {
            Self::Bincode => 1,
            Self::MsgPack => 2,
            Self::Json => 3,
        }
    }

    /// What to do where it is not, for a message.
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

    /// What to say where its feature is off.
    fn is_off(self) -> String {
        format!("the feature `{self}` of `cachekit` is off; turn it on, or name another codec")
    }

    /// The one that is used where none is named: the first whose feature is on.
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

/// Why a value could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unwritable {
    /// The codec cannot carry the type; in words.
    Type(String),
    /// Larger than allowed.
    TooLarge,
    /// The value's own `Serialize` failed or panicked.
    Value,
}

/// Why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The codec's feature is off.
    #[cfg_attr(
        all(feature = "bincode", feature = "msgpack", feature = "json"),
        expect(dead_code, reason = "every feature is on")
    )]
    Codec,
    /// Not what the codec writes, or longer or deeper than allowed.
    Decode,
    /// The type's own `Deserialize` panicked.
    Panic,
}

/// How values of one type cross to Redis and back.
pub struct Wire<V> {
    /// Appends `value`, as `codec` writes it, to `out`, which may become `limit` bytes longer.
    pub(crate) encode: fn(Codec, &V, out: &mut Vec<u8>, limit: usize) -> Result<(), Unwritable>,
    /// Reads what `encode` wrote; all of `bytes` must be consumed.
    pub(crate) decode: fn(Codec, bytes: &[u8]) -> Result<V, Unreadable>,
    /// The fingerprint of the type's shape under `codec`, or why the codec cannot carry it.
    pub(crate) fingerprint: fn(Codec) -> Result<u64, String>,
}

impl<V> Clone for Wire<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for Wire<V> {}
impl<V> fmt::Debug for Wire<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[cfg(all(
    feature = "serde",
    not(any(feature = "bincode", feature = "msgpack", feature = "json"))
))]
impl<V: serde::Serialize + serde::de::DeserializeOwned + 'static> Wire<V> {
    /// By serde, which needs a codec, and none is on.
    pub(crate) fn serde() -> Self {
        Self {
            encode: |codec, _, _, _| Err(Unwritable::Type(codec.is_off())),
            decode: |_, _| Err(Unreadable::Codec),
            fingerprint: |codec| Err(codec.is_off()),
        }
    }
}

/// A value that can be cached by hand: with [`Cache::put`](crate::Cache::put),
/// [`Cache::get_or_compute`](crate::Cache::get_or_compute) and in a
/// [`Region`](crate::Region).
///
/// It is implemented for every type that is `Clone + Send + Sync + 'static` and, in builds
/// with the feature `redis`, `serde::Serialize` and `serde::Deserialize`.
#[cfg(feature = "redis")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "needs `Clone + Send + Sync + 'static`, `serde::Serialize` and `serde::Deserialize`",
    note = "derive what is missing; `serde` is for Redis, and not asked for without the feature `redis`"
)]
pub trait Cacheable: Clone + Send + Sync + 'static {
    /// How it crosses to another tier.
    #[doc(hidden)]
    fn __wire() -> Option<Wire<Self>>;
}

#[cfg(feature = "redis")]
impl<T> Cacheable for T
where
    T: Clone + Send + Sync + 'static + serde::Serialize + serde::de::DeserializeOwned,
{
    fn __wire() -> Option<Wire<Self>> {
        Some(Wire::serde())
    }
}

/// A value that can be cached by hand: with [`Cache::put`](crate::Cache::put),
/// [`Cache::get_or_compute`](crate::Cache::get_or_compute) and in a
/// [`Region`](crate::Region).
///
/// It is implemented for every type that is `Clone + Send + Sync + 'static` and, in builds
/// with the feature `redis`, `serde::Serialize` and `serde::Deserialize`.
#[cfg(not(feature = "redis"))]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "needs `Clone + Send + Sync + 'static`"
)]
pub trait Cacheable: Clone + Send + Sync + 'static {
    /// How it crosses to another tier.
    #[doc(hidden)]
    fn __wire() -> Option<Wire<Self>>;
}

#[cfg(not(feature = "redis"))]
impl<T: Clone + Send + Sync + 'static> Cacheable for T {
    fn __wire() -> Option<Wire<Self>> {
        None
    }
}
