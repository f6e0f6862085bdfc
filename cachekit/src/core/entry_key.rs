//! The key of one entry of a cached function.

use crate::key::Key;
use crate::key::buf::KeyBuf;

/// Entry of a cached function that an invalidation removes, named by its key.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) key: Key,
}

impl Target {
    /// Creates the target. `write` must write the key of the entry into the buffer that it gets.
    pub fn new(write: impl FnOnce(&mut KeyBuf)) -> Self {
        let mut key = KeyBuf::new();
        write(&mut key);
        Self {
            key: Key::new(key.as_bytes()),
        }
    }
}
