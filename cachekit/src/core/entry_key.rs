//! The key of one entry of one function.

use crate::key::Key;
use crate::key::buf::KeyBuf;

/// Key of one entry of one function, as the target of an invalidation.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) key: Key,
}

impl Target {
    /// Creates the target from the key that `write` writes.
    pub fn new(write: impl FnOnce(&mut KeyBuf)) -> Self {
        let mut key = KeyBuf::new();
        write(&mut key);
        Self {
            key: Key::new(key.as_bytes()),
        }
    }
}
