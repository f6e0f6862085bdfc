//! The key of one entry of a cached function.

use crate::key::Key;
use crate::key::buf::KeyBuf;

/// Entry of a cached function, named by its key, as the target of an invalidation.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) key: Key,
}

impl Target {
    /// Creates the target of an invalidation. `write` must write the key of the entry into the
    /// buffer that `write` gets.
    pub fn new(write: impl FnOnce(&mut KeyBuf)) -> Self {
        let mut key = KeyBuf::new();
        write(&mut key);
        Self {
            key: Key::new(key.as_bytes()),
        }
    }
}
