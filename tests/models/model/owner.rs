//! An owner, with what the flights need of one.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerId(pub(crate) usize);
