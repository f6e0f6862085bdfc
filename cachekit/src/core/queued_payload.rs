//! The arguments of a queued write, encoded for Redis.
//!
//! An encoded payload is `W`, the format `1`, the number of the codec, the fingerprint of the
//! arguments' types (8 bytes, little-endian), and the bytes of the codec. Arguments are not decoded
//! if the function's arguments have other types now.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::core::state::Core;
use crate::encoding::codec::{Codec, EncodeError};
use crate::encoding::encryption::blob;
use crate::model::deferred_drop::{AnyShared, DeferredDrop};
use crate::model::queue_spec::QueueSpec;
use crate::store::write_queue::{Payload, WriteQueue};

const MAGIC: [u8; 2] = *b"W1";

/// Number of bytes in an encoded payload before the bytes of the codec.
const HEAD: usize = MAGIC.len() + 1 + size_of::<u64>();

impl Core {
    /// Returns the store of the queues: Redis, or the memory of this process without Redis.
    pub(crate) fn write_queue(&self) -> &dyn WriteQueue {
        match &self.l2 {
            Some(l2) => l2.store.write_queue(),
            None => &self.queues.process,
        }
    }

    /// Returns `args`, the arguments of a write as an `Option` of a tuple, in the form in which the
    /// queue of this cache keeps them.
    ///
    /// # Errors
    ///
    /// Returns the reason if the arguments cannot be encoded.
    pub(crate) fn payload(&self, spec: &QueueSpec, args: AnyShared) -> Result<Payload, String> {
        let Some(l2) = &self.l2 else {
            return Ok(Payload::Shared(DeferredDrop::new(args)));
        };
        let codec = spec.codec.unwrap_or(l2.settings.codec);
        let wire = (spec.wire)().ok_or("the feature `redis` is off")?;
        let fingerprint = (wire.fingerprint)(codec)?;
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&MAGIC);
        bytes.push(codec.id());
        bytes.extend_from_slice(&fingerprint.to_le_bytes());
        let limit = l2.settings.max_value;
        let encoded = (wire.encode)(codec, &*args, &mut bytes, limit);
        encoded.map_err(|error| match error {
            EncodeError::TooLarge => format!("they take more than {limit} bytes"),
            EncodeError::Type(reason) => reason,
            EncodeError::Value => "the codec cannot encode the value".to_owned(),
        })?;
        Ok(Payload::Encoded(bytes))
    }
}

/// The parts of an encoded payload.
struct Parts<'a> {
    codec: Option<Codec>,
    fingerprint: &'a [u8],
    /// The bytes of the codec.
    encoded: &'a [u8],
}

/// Returns the parts of an encoded payload. Returns `None` if the bytes are not a payload of this
/// format.
fn parts(bytes: &[u8]) -> Option<Parts<'_>> {
    let (head, encoded) = bytes.split_at_checked(HEAD)?;
    let head = head.strip_prefix(&MAGIC)?;
    Some(Parts {
        codec: Codec::of_id(head[0]),
        fingerprint: &head[1..],
        encoded,
    })
}

/// Returns the codec and the encoded arguments of a payload, for people who look at it. Returns
/// `None` if the payload is not encoded, or not in a known form.
pub(crate) fn encoded_arguments(payload: &Payload) -> Option<(Codec, &[u8])> {
    let Payload::Encoded(bytes) = payload else {
        return None;
    };
    let parts = parts(bytes)?;
    Some((parts.codec?, parts.encoded))
}

/// Returns the arguments in `payload`, as an `Option` of a tuple.
///
/// # Errors
///
/// Returns the reason if the bytes are not the arguments of the function `spec` as it is now.
pub(crate) fn arguments(spec: &QueueSpec, payload: &Payload) -> Result<DeferredDrop, String> {
    let bytes = match payload {
        Payload::Shared(args) => return Ok(args.clone()),
        Payload::Encoded(bytes) => bytes,
    };
    if blob::is_in_clear(bytes) {
        return Err("the write is not encrypted, and the cache has encryption keys".to_owned());
    }
    if blob::is_sealed(bytes) {
        return Err("the write is encrypted, and no key of this process opens it".to_owned());
    }
    let parts = parts(bytes).ok_or("the bytes are no queued write of this version of cachekit")?;
    let codec = parts.codec.filter(|codec| codec.is_available());
    let codec = codec.ok_or("the codec of the write is off in this build")?;
    let wire = (spec.wire)().ok_or("the feature `redis` is off")?;
    let fingerprint = (wire.fingerprint)(codec)?;
    if parts.fingerprint != fingerprint.to_le_bytes() {
        return Err("the types of the function's arguments have changed".to_owned());
    }
    // The `Deserialize` of the user's types may panic.
    let decode = AssertUnwindSafe(|| (wire.decode)(codec, parts.encoded));
    match catch_unwind(decode) {
        Ok(Ok(args)) => Ok(DeferredDrop::new(args)),
        Ok(Err(error)) => Err(format!("the bytes cannot be decoded: {error:?}")),
        Err(_) => Err("the `Deserialize` of an argument panicked".to_owned()),
    }
}
