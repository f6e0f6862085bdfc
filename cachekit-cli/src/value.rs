//! The value of an entry, as people read it.

use cachekit::StoredValue;
use serde_json::Value;

/// Returns the value as JSON, if its codec has the names of its fields. Returns `None` for bincode,
/// which has none, and for bytes that cannot be read.
pub(crate) fn decoded(value: &StoredValue) -> Option<Value> {
    if value.is_none {
        return Some(Value::Null);
    }
    match &*value.codec {
        "json" => serde_json::from_slice(&value.payload).ok(),
        "msgpack" => rmp_serde::from_slice(&value.payload).ok(),
        _ => None,
    }
}
