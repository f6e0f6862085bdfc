//! The value of an entry, as people read it.

use cachekit::StoredValue;
use serde_json::Value;

use crate::output::escaped;

/// Returns the value as JSON, if its codec writes the names of fields. Returns `None` for bincode,
/// which writes no names, and for bytes that cannot be read.
pub(crate) fn decoded(value: &StoredValue) -> Option<Value> {
    if value.is_none {
        return Some(Value::Null);
    }
    decoded_bytes(&value.codec, &value.payload)
}

/// The longest text of a value that people are shown, in characters.
const LONGEST: usize = 4_000;

/// Returns `value` on several lines, as people read it. Of a long value, only the beginning is shown,
/// so that the lines above it stay on the screen.
pub(crate) fn pretty(value: &Value) -> String {
    let mut shown = escaped(serde_json::to_string_pretty(value).unwrap_or_default());
    let Some((end, _)) = shown.char_indices().nth(LONGEST) else {
        return shown;
    };
    let all = shown.chars().count();
    shown.truncate(end);
    shown + &format!("\n..           the first {LONGEST} of {all} characters; `--json` shows all")
}

/// Returns `bytes` as JSON, if `codec` writes the names of fields.
pub(crate) fn decoded_bytes(codec: &str, bytes: &[u8]) -> Option<Value> {
    match codec {
        "json" => serde_json::from_slice(bytes).ok(),
        "msgpack" => rmp_serde::from_slice(bytes).ok(),
        _ => None,
    }
}
