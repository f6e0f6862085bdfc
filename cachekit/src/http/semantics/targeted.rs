//! `CDN-Cache-Control`, a targeted cache control field (RFC 9213).

use http::{HeaderMap, HeaderName};

use super::cache_control::CacheControl;
use super::numbers::MAX_SECONDS;
use super::structured::{Value, dictionary};

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

impl CacheControl {
    /// Reads `CDN-Cache-Control`. Returns `None` if the field is absent, empty, no dictionary, or
    /// if a known directive has a value of the wrong type (RFC 9213, section 2.1).
    pub(crate) fn targeted(headers: &HeaderMap) -> Option<Self> {
        let members = dictionary(headers, &CDN_CACHE_CONTROL)?;
        if members.is_empty() {
            return None;
        }
        let mut control = Self {
            is_targeted: true,
            ..Self::default()
        };
        for (name, value) in &members {
            add(&mut control, name.as_bytes(), value)?;
        }
        if control.no_cache {
            control.no_cache_fields.clear();
        }
        Some(control)
    }

    /// Returns the directives that a shared cache obeys (RFC 9213, section 2.2).
    pub(crate) fn effective(headers: &HeaderMap) -> Self {
        Self::targeted(headers).unwrap_or_else(|| Self::of_response(headers))
    }
}

/// Adds a directive. Returns `None` if its value has the wrong type.
fn add(control: &mut CacheControl, name: &[u8], value: &Value) -> Option<()> {
    if let Some(place) = control.seconds(name) {
        let Value::Integer(seconds) = value else {
            return None;
        };
        *place = Some(u64::try_from(*seconds).unwrap_or(0).min(MAX_SECONDS));
        return Some(());
    }
    match (name, value) {
        (b"no-cache", Value::Boolean(true)) => control.add_no_cache(None),
        (b"no-cache", Value::String(names)) => control.add_no_cache(Some(names.as_bytes())),
        (b"private", Value::Boolean(true)) => control.add_private(None),
        (b"private", Value::String(names)) => control.add_private(Some(names.as_bytes())),
        (b"no-cache" | b"private", Value::Boolean(false)) => {}
        (b"no-cache" | b"private", _) => return None,
        (_, Value::Boolean(true)) => drop(control.set_flag(name)),
        (_, Value::Boolean(false)) => {}
        // Only unknown directives may have a value here.
        _ => return (!CacheControl::default().set_flag(name)).then_some(()),
    }
    Some(())
}
