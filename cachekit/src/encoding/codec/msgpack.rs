//! `MessagePack` as a codec: a struct is encoded as a map from its field names to the fields.

use rmp_serde::decode::Error;
use rmp_serde::{Deserializer, Serializer};
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserialize, Serialize};

use crate::encoding::codec::DecodeError;
use crate::encoding::codec::guard::Limits;
use crate::encoding::codec::sink::Sink;
use crate::encoding::codec::unfit::Unfit;

/// Appends `value` to `sink`, encoded as `MessagePack`.
///
/// A struct with `#[serde(flatten)]`, or another value of unknown length, is collected in memory
/// before it is written. The limit of `sink` is checked only at the end of such a value.
pub(crate) fn encode<T: Serialize>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    let mut serializer = Serializer::new(sink).with_struct_map();
    value.serialize(&mut serializer).map_err(|_| Unfit::Value)
}

/// Decodes a value from `MessagePack`. Returns an error if bytes are left over after the value.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let limits = Limits::new(bytes.len());
    // Other readers of `rmp_serde` copy every string into a buffer first.
    let mut deserializer = Deserializer::from_read_ref(bytes);
    let value = limits
        .seed::<T>()
        .deserialize(&mut deserializer)
        .map_err(|_| DecodeError::Decode)?;
    // `rmp_serde` does not tell if bytes are left over. Reading one more marker fails with this
    // error only at the end of the bytes.
    match bool::deserialize(&mut deserializer) {
        Err(Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(DecodeError::Decode),
    }
}
