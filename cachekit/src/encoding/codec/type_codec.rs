//! The functions that encode and decode the values of one type, for code that does not know the
//! type.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::encoding::codec::{Codec, DecodeError, EncodeError};

#[cfg(feature = "serde")]
use crate::encoding::codec::weight::heap;
#[cfg(feature = "serde")]
use crate::encoding::codec::wire;

pub(crate) type Encode =
    fn(Codec, &dyn Any, out: &mut Vec<u8>, limit: usize) -> Result<(), EncodeError>;

pub(crate) type Decode = fn(Codec, bytes: &[u8]) -> Result<Arc<dyn Any + Send + Sync>, DecodeError>;

/// The functions that encode and decode values of one type `V`, for code that does not know `V`.
/// Each function takes or returns an `Option<V>` as a `dyn Any`: `Some` for a value, `None` for an
/// absence.
#[derive(Clone, Copy)]
pub struct Wire {
    /// Appends a value to `out`, encoded by `codec` in at most `limit` bytes. The value is a
    /// `Some`: an absence is not encoded.
    pub(crate) encode: Encode,
    /// Decodes the value of an entry from the bytes of its payload. Returns an error if bytes are
    /// left over after the value.
    pub(crate) decode: Decode,
    /// Returns the fingerprint of the value's type under a codec (a hash of its fields and
    /// variants), or the reason why the codec cannot encode the type.
    pub(crate) fingerprint: fn(Codec) -> Result<u64, String>,
    /// Estimates the bytes that an entry's value takes in memory in addition to the size of its
    /// type.
    pub(crate) weigh: fn(&dyn Any) -> usize,
}

impl Wire {
    /// Creates the functions that encode and decode values of the type `V` by serde.
    #[cfg(feature = "serde")]
    pub(crate) fn serde<V>() -> Self
    where
        V: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        Self {
            encode: |codec, value, out, limit| match value.downcast_ref::<Option<V>>() {
                Some(Some(value)) => wire::encode(codec, value, out, limit),
                _ => Err(EncodeError::Value),
            },
            decode: |codec, bytes| Ok(Arc::new(Some(wire::decode::<V>(codec, bytes)?))),
            fingerprint: wire::fingerprint::<V>,
            weigh: |value| match value.downcast_ref::<Option<V>>() {
                Some(Some(value)) => heap(value),
                _ => 0,
            },
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// A function that returns the fingerprint of a type under a codec (a hash of the type's fields and
/// variants), or the reason why the codec cannot encode the type.
pub(crate) type Fingerprint = fn(Codec) -> Result<u64, String>;
