//! The key of one entry of one function.

use crate::key::Key;
use crate::key::buf::KeyBuf;

/// Names one entry of one function, for an invalidation.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) key: Key,
}

impl Target {
    /// The entry under the key that `write` writes.
    pub fn new(write: impl FnOnce(&mut KeyBuf)) -> Self {
        let mut key = KeyBuf::new();
        write(&mut key);
        Self {
            key: Key::new(key.as_bytes()),
        }
    }
}
