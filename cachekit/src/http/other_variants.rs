//! Keys under which the shared tier has a stale response of another variant.
//!
//! Such a response is not put into memory, so a look-up in memory would not find its way to the
//! other variants, and every hit would ask the shared tier first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderName;
use xxhash_rust::xxh3::xxh3_64;

use crate::base::sync::Mutex;

/// Time after which the shared tier is asked again.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Largest number of keys that are remembered. If there are more keys, all keys are forgotten, and
/// the shared tier is asked again.
const MOST_KEYS: usize = 1_024;

/// Fields of requests that a response varies by, with the response's values.
pub(crate) type Varied = Arc<[(HeaderName, Option<Bytes>)]>;

/// A table of keys with the fields that the response there varies by.
///
/// A key is known by its hash. If two keys have one hash, a response may be stored in a place where
/// other requests do not look for it. No request gets a wrong response, because each response says
/// which values it is for.
#[derive(Debug, Default)]
pub(crate) struct OtherVariants {
    /// The fields by the key's hash, each with the time until which they are remembered.
    known: Mutex<HashMap<u64, (Duration, Varied)>>,
}

impl OtherVariants {
    /// Remembers at `now` that a response that varies by `varied` is under `key`.
    pub(crate) fn note(&self, key: &[u8], varied: &[(HeaderName, Option<Bytes>)], now: Duration) {
        let until = now.saturating_add(REMEMBERED);
        let mut known = self.known.lock();
        if known.len() >= MOST_KEYS {
            known.clear();
        }
        known.insert(xxh3_64(key), (until, varied.into()));
    }

    /// Returns the fields that the response under `key` varies by, if that is known at `now`.
    pub(crate) fn get(&self, key: &[u8], now: Duration) -> Option<Varied> {
        let hash = xxh3_64(key);
        let mut known = self.known.lock();
        let (until, varied) = known.get(&hash)?;
        if now < *until {
            return Some(Arc::clone(varied));
        }
        known.remove(&hash);
        None
    }
}
