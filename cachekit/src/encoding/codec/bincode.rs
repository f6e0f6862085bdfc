//! bincode 2: the bytes contain only values, and the type determines their shape.

use ::bincode::config::{self, Configuration, Limit, LittleEndian, Varint};
use ::bincode::error::EncodeError;
use ::bincode::serde::EncodeError as SerdeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::encoding::codec::DecodeError;
use crate::encoding::codec::checked::found::Found;
use crate::encoding::codec::guard::Limits;
use crate::encoding::codec::sink::Sink;
use crate::encoding::codec::unfit::Unfit;

/// The most bytes that an encoded value may claim to contain when bincode decodes it. The limit is
/// part of the type of bincode's decoder, so all caches in the program have the same limit. Each
/// cache checks its own limit, `max_value_bytes`, before bincode decodes anything.
const LIMIT: usize = 64 << 20;

fn config() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
    config::standard().with_limit()
}

/// Appends `value` to `sink`, encoded by bincode.
pub(crate) fn encode<T: Serialize>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    let written = ::bincode::serde::encode_into_writer(value, sink, config());
    written.map_err(|error| match error {
        EncodeError::Serde(SerdeError::SequenceMustHaveLength) => {
            Unfit::Type(Found::without_length())
        }
        _ => Unfit::Value,
    })
}

/// Decodes a value by bincode. Returns an error if bytes are left over after the value.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let limits = Limits::new(bytes.len());
    let read = ::bincode::serde::seed_decode_from_slice(limits.seed::<T>(), bytes, config());
    match read {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        _ => Err(DecodeError::Decode),
    }
}
