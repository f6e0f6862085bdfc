//! The names of the keys of queues, and the search for them.

use redis::{Cmd, cmd};

/// The beginning of the keys of all queues, behind the namespace.
pub(crate) const QUEUES: &[u8] = b"wb:{";

/// The number of keys that Redis looks at for one part of the names of queues.
const SCANNED: u32 = 1000;

/// Returns a pattern of Redis that only `text` matches.
fn literal(text: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(text.len());
    for byte in text {
        if b"*?[]^-\\".contains(byte) {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    pattern
}

/// Returns the command that finds keys of queues whose names end with `end`, among the keys at
/// `position`. All names of the cache begin with `prefix`.
pub(crate) fn scan(prefix: &[u8], position: u64, end: &[u8]) -> Cmd {
    let pattern = [&*literal(prefix), QUEUES, b"*", end].concat();
    let mut scan = cmd("SCAN");
    scan.arg(position).arg("MATCH").arg(pattern);
    scan.arg("COUNT").arg(SCANNED);
    scan
}
