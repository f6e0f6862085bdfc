//! Locks of files against other processes. The operating system ends a lock with its process.

use std::fs::File;
use std::io;

/// Locks `file` until it is closed. Returns `false` if another handle, of this process or another
/// one, has the lock.
///
/// # Errors
///
/// Returns an error if the file system has no locks.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};

    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Returns an error: the oldest Rust that this crate supports has no file locks for this platform.
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub(crate) fn try_lock(_: &File) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}
