//! Fingerprints, encoding and decoding by a codec that the caller names. Panics in the `Serialize`
//! and `Deserialize` of a value are caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::encoding::codec::checked::Watch;
use crate::encoding::codec::checked::found::Found;
use crate::encoding::codec::schema::Schema;
use crate::encoding::codec::sink::Sink;
use crate::encoding::codec::unfit::Unfit;
use crate::encoding::codec::{Codec, DecodeError, EncodeError, schema};

/// Returns the fingerprint of the type `V` under `codec` (a hash of its fields and variants), or
/// the reason why `codec` cannot encode `V`.
pub(crate) fn fingerprint<V: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
) -> Result<u64, String> {
    if codec.is_available() {
        schema::of::<V>(codec).fingerprint(codec)
    } else {
        Err(codec.is_off())
    }
}

/// Appends `value` to `out`, encoded by `codec` in at most `limit` bytes. After an error, `out` is
/// as before the call.
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

/// Appends `value` to `out`, encoded by `codec`. Returns an error if a check shows that the bytes
/// would be decoded as another value. Returns `true` if the caller must decode the bytes and
/// compare the value.
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
    // A value's `Serialize` may ignore an error of the sink and continue.
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

/// Appends `value` to `sink` by the encoder of `codec`. Returns an error if the value's `Serialize`
/// panics.
fn by<T: Serialize>(codec: Codec, value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    // A panic leaves only the output incomplete, which the caller truncates.
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

/// Decodes a value from `bytes` and encodes the value again. Returns `true` if both encodings
/// contain each byte equally often. The order of the bytes is ignored, because the elements of a
/// hash map have another order each time. A field that both `Serialize` and `Deserialize` leave out
/// is not noticed.
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

/// Returns the number of times that each of the 256 bytes occurs in `bytes`.
fn counts(bytes: &[u8]) -> [usize; 256] {
    let mut counts = [0; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    counts
}

/// Decodes a value of the type `V` by `codec`. Returns an error if bytes are left over after the
/// value.
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
mod tests;
