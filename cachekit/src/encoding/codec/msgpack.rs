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
/// A value of unknown length, such as a flattened struct, is collected in memory before it is
/// written, so the limit of `sink` takes effect only at the end of that value.
pub(crate) fn encode<T: Serialize>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    let mut serializer = Serializer::new(sink).with_struct_map();
    value.serialize(&mut serializer).map_err(|_| Unfit::Value)
}

/// Decodes a value from `MessagePack`. The value must take all of `bytes`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let limits = Limits::new(bytes.len());
    // Only this reader does not copy every string into a buffer first.
    let mut deserializer = Deserializer::from_read_ref(bytes);
    let value = limits
        .seed::<T>()
        .deserialize(&mut deserializer)
        .map_err(|_| DecodeError::Decode)?;
    // The only way to see the end of the bytes: reading a marker fails at the end, and nowhere
    // else.
    match bool::deserialize(&mut deserializer) {
        Err(Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(DecodeError::Decode),
    }
}
