//! bincode 2: the bytes hold values only, and the type gives their shape.

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

/// The most bytes that a payload may claim to hold. It is part of the decoder's type, so that all
/// caches share one constant; a cache's own limit is checked before anything is decoded.
const LIMIT: usize = 64 << 20;

fn config() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
    config::standard().with_limit()
}

/// Appends `value`.
pub(crate) fn encode<T: Serialize>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unfit> {
    let written = ::bincode::serde::encode_into_writer(value, sink, config());
    written.map_err(|error| match error {
        EncodeError::Serde(SerdeError::SequenceMustHaveLength) => {
            Unfit::Type(Found::without_length())
        }
        _ => Unfit::Value,
    })
}

/// Reads a value that takes all of `bytes`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let limits = Limits::new(bytes.len());
    let read = ::bincode::serde::seed_decode_from_slice(limits.seed::<T>(), bytes, config());
    match read {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        _ => Err(DecodeError::Decode),
    }
}
