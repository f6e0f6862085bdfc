//! Properties of every codec that hold for arbitrary bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::encoding::codec::{Codec, DecodeError, EncodeError, wire};

/// Asserts that a value which is read from `bytes` and written again is then read as an equal
/// value.
pub(crate) fn survives<T: Serialize + DeserializeOwned + 'static>(codec: Codec, bytes: &[u8]) {
    let Some(value) = read::<T>(codec, bytes) else {
        return;
    };
    let Some(written) = write(codec, &value) else {
        return;
    };
    let again = read::<T>(codec, &written);
    let again = again.and_then(|value| write(codec, &value));
    let name = std::any::type_name::<T>();
    assert_eq!(again, Some(written), "{codec:?}, {name}");
}

/// Asserts that reading `bytes` as a `T` and writing the value come to an end. Use this for types
/// that a codec does not restore exactly.
pub(crate) fn ends<T: Serialize + DeserializeOwned + 'static>(codec: Codec, bytes: &[u8]) {
    if let Some(value) = read::<T>(codec, bytes) {
        write(codec, &value);
    }
}

pub(crate) fn read<T: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    bytes: &[u8],
) -> Option<T> {
    let read = wire::decode::<T>(codec, bytes);
    let name = std::any::type_name::<T>();
    let panicked = matches!(read, Err(DecodeError::Panic));
    assert!(!panicked, "{codec:?}, {name}: it panicked");
    read.ok()
}

pub(crate) fn write<T: Serialize + DeserializeOwned + 'static>(
    codec: Codec,
    value: &T,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match wire::encode(codec, value, &mut out, usize::MAX) {
        Ok(()) => Some(out),
        Err(EncodeError::Type(_)) => None,
        Err(why) => panic!("{codec:?}, {}: {why:?}", std::any::type_name::<T>()),
    }
}
