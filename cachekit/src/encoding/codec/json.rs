//! JSON as a codec, for values that other programs read and write.

use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::error::Category;

use crate::encoding::codec::DecodeError;
use crate::encoding::codec::checked::found::Found;
use crate::encoding::codec::guard::Limits;
use crate::encoding::codec::sink::Sink;
use crate::encoding::codec::unfit::Unfit;

/// Appends `value` to `sink`, encoded as JSON.
pub(crate) fn encode<T: Serialize>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    serde_json::to_writer(sink, value).map_err(|error| match error.classify() {
        // `serde_json` itself rejects only one kind of value: a map with a key that JSON does not
        // allow.
        Category::Syntax => Unfit::Type(Found::keys()),
        _ => Unfit::Value,
    })
}

/// Decodes a value from JSON. Returns an error if bytes are left over after the value.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let limits = Limits::new(bytes.len());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = limits
        .seed::<T>()
        .deserialize(&mut deserializer)
        .map_err(|_| DecodeError::Decode)?;
    deserializer.end().map_err(|_| DecodeError::Decode)?;
    Ok(value)
}
