//! bincode 2: the shape is the type's, and the bytes hold nothing of it.

use ::bincode::config::{self, Configuration, Limit, LittleEndian, Varint};
use ::bincode::error::EncodeError;
use ::bincode::serde::EncodeError as SerdeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checked::{Checked, Watch};
use super::guard::Limits;
use super::schema;
use super::sink::Sink;
use super::{Unreadable, Unwritable};

/// What any payload may claim to hold. It is part of the decoder's type, so one constant has
/// to do for all caches; a cache's own limit is checked before anything is decoded.
const LIMIT: usize = 64 << 20;

fn config() -> Configuration<LittleEndian, Varint, Limit<LIMIT>> {
    config::standard().with_limit()
}

/// Appends `value`, if it can be read back.
pub(super) fn encode<T>(value: &T, sink: &mut Sink<'_>) -> Result<(), Unwritable>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let schema = schema::of::<T>();
    schema.fingerprint().map_err(Unwritable::Type)?;
    let watch = Watch::new(schema.look());
    let checked = Checked {
        inner: value,
        watch: &watch,
    };
    let written = ::bincode::serde::encode_into_writer(checked, sink, config());
    if let Some(found) = watch.found.take() {
        return Err(Unwritable::Type(schema.refuse(&found)));
    }
    written.map_err(|error| match error {
        EncodeError::Serde(SerdeError::SequenceMustHaveLength) => {
            Unwritable::Type(schema.refuse("there is a sequence or map of unknown length"))
        }
        _ => Unwritable::Value,
    })
}

/// Reads a value that takes all of `bytes`.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    let limits = Limits::new(bytes.len());
    let read = ::bincode::serde::seed_decode_from_slice(limits.seed::<T>(), bytes, config());
    match read {
        Ok((value, read)) if read == bytes.len() => Ok(value),
        _ => Err(Unreadable::Decode),
    }
}
