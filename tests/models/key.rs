//! A key, reduced to the parts that the flights need.

use std::borrow::Borrow;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(std::sync::Arc<[u8]>);

impl Key {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

// `Arc<[u8]>` hashes and compares as `[u8]` does, which is what `Borrow` asks for.
impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}
