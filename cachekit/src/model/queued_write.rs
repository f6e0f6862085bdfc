//! A write that a worker carries out, as the body of a write-behind function sees it.

/// The version and the attempt of a queued write.
///
/// A function with `#[write_behind]` gets them as an argument of this type, which its callers do
/// not pass. A worker may carry out a write twice, for example if it dies right after the first
/// time. A statement with the condition `version < new version` makes the second time harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedWrite {
    pub(crate) version: u64,
    pub(crate) attempt: u32,
}

impl QueuedWrite {
    /// Returns the version of the write. Of two writes of one key, the later one has the greater
    /// version. Versions fit an `i64`.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns the number of the attempt to carry out the write, from 1 on.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}
