//! `MessagePack`, structs as maps from field names.

use rmp_serde::decode::Error;
use rmp_serde::{Deserializer, Serializer};
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserialize, Serialize};

use crate::encoding::codec::DecodeError;
use crate::encoding::codec::guard::Limits;
use crate::encoding::codec::sink::Sink;
use crate::encoding::codec::unfit::Unfit;

/// Appends `value`.
///
/// A value of unknown length (a flattened struct) is collected before it is written, so the limit
/// takes effect only at its end.
pub(crate) fn encode<T: Serialize>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    let mut serializer = Serializer::new(sink).with_struct_map();
    value.serialize(&mut serializer).map_err(|_| Unfit::Value)
}

/// Reads a value that takes all of `bytes`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let limits = Limits::new(bytes.len());
    // Every other reader copies all strings into a buffer first.
    let mut deserializer = Deserializer::from_read_ref(bytes);
    let value = limits
        .seed::<T>()
        .deserialize(&mut deserializer)
        .map_err(|_| DecodeError::Decode)?;
    // The only way to see the end: a marker cannot be read there, and anywhere else it can.
    match bool::deserialize(&mut deserializer) {
        Err(Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(DecodeError::Decode),
    }
}
