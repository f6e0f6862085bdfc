//! The key of one entry of a cached function.

use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::model::function_spec::FnSpec;

/// Entry of a cached function, named by its key, as the target of an invalidation.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) key: Key,
    /// The function whose entry it is. `None`: the function is not known.
    pub(crate) function: Option<&'static FnSpec>,
}

impl Target {
    /// Creates the target of an invalidation. `write` must write the key of the entry into the
    /// buffer that `write` gets.
    pub fn new(write: impl FnOnce(&mut KeyBuf)) -> Self {
        let mut key = KeyBuf::new();
        write(&mut key);
        Self::from(Key::new(key.as_bytes()))
    }

    /// Returns the same target, as an entry of `function`.
    pub(crate) fn of(self, function: &'static FnSpec) -> Self {
        Self {
            function: Some(function),
            ..self
        }
    }
}

impl From<Key> for Target {
    fn from(key: Key) -> Self {
        Self {
            key,
            function: None,
        }
    }
}
