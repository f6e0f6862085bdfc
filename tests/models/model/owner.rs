//! An owner, reduced to the parts that the flights need.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerId(pub(crate) usize);
