//! From a codec's name to its functions; what user code does in them is caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::sink::Sink;
use super::{Codec, Unreadable, Unwritable, Wire};

impl<V: Serialize + DeserializeOwned + 'static> Wire<V> {
    /// By serde.
    pub(crate) fn serde() -> Self {
        Self {
            encode: encode::<V>,
            decode: decode::<V>,
            fingerprint: fingerprint::<V>,
        }
    }
}

fn encode<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    value: &V,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), Unwritable> {
    let start = out.len();
    let mut sink = Sink::new(out, limit);
    // All that a panic can leave half done is `out`, and that is cut below.
    let written = catch_unwind(AssertUnwindSafe(|| match codec {
        #[cfg(feature = "bincode")]
        Codec::Bincode => super::bincode::encode(value, &mut sink),
        #[cfg(feature = "msgpack")]
        Codec::MsgPack => super::msgpack::encode(value, &mut sink),
        #[cfg(feature = "json")]
        Codec::Json => super::json::encode(value, &mut sink),
        #[cfg(not(all(feature = "bincode", feature = "msgpack", feature = "json")))]
        off => Err(Unwritable::Type(off.is_off())),
    }));
    let written = match written {
        // A `Serialize` may take an error for its own, and go on.
        _ if sink.is_full() => Err(Unwritable::TooLarge),
        Ok(written) => written,
        Err(_) => Err(Unwritable::Value),
    };
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn decode<V: DeserializeOwned>(codec: Codec, bytes: &[u8]) -> Result<V, Unreadable> {
    let read = catch_unwind(|| match codec {
        #[cfg(feature = "bincode")]
        Codec::Bincode => super::bincode::decode(bytes),
        #[cfg(feature = "msgpack")]
        Codec::MsgPack => super::msgpack::decode(bytes),
        #[cfg(feature = "json")]
        Codec::Json => super::json::decode(bytes),
        #[cfg(not(all(feature = "bincode", feature = "msgpack", feature = "json")))]
        _ => Err(Unreadable::Codec),
    });
    read.unwrap_or(Err(Unreadable::Panic))
}

fn fingerprint<V: DeserializeOwned + 'static>(codec: Codec) -> Result<u64, String> {
    match codec {
        #[cfg(feature = "bincode")]
        Codec::Bincode => super::schema::of::<V>().fingerprint(),
        // What these write says what it is, and they read a changed type as far as it goes:
        // an added field is no reason for a cold cache.
        _ if codec.is_available() => Ok(0),
        off => Err(off.is_off()),
    }
}
