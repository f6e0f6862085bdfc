//! The codec of one type, for code that does not know the type.

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

/// The functions that write and read values of one type, for code that does not know the type. A value
/// is the content of an entry: an `Option<V>`.
#[derive(Clone, Copy)]
pub struct Wire {
    /// Appends the value of a `Some` to `out`, as `codec` writes it, and at most `limit` bytes.
    pub(crate) encode: Encode,
    /// Reads what `encode` wrote; all of `bytes` must be consumed.
    pub(crate) decode: Decode,
    /// Returns the fingerprint of the type's shape under `codec`, or why the codec cannot carry it.
    pub(crate) fingerprint: fn(Codec) -> Result<u64, String>,
    /// Estimates the bytes of a value in memory beside those of its type.
    pub(crate) weigh: fn(&dyn Any) -> usize,
}

impl Wire {
    /// Creates the functions for values of `V`, by serde.
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

/// Returns the fingerprint of a type's shape under a codec, or why the codec cannot carry it.
pub(crate) type Fingerprint = fn(Codec) -> Result<u64, String>;
