//! The delay between the acceptance of an invalidation and its effect on other nodes.

use crate::parent::history::{Read, Write};

/// Adds, for each accepted invalidation of another node, how much later the last of `reads`
/// began that got something older: zero, if none did.
pub(super) fn add(writes: &[&Write], reads: &[Read], delays: &mut Vec<u64>) {
    let Some((first, last)) = reads.first().zip(reads.last()) else {
        return;
    };
    let is_elsewhere = |write: &&&Write| write.node != first.node;
    let mut accepted: Vec<(u64, u64, u64)> = writes
        .iter()
        .filter(is_elsewhere)
        .filter_map(|write| write.accepted.map(|time| (time, write.version, 0)))
        .filter(|(time, ..)| *time < last.begin)
        .collect();
    accepted.sort_unstable();
    for read in reads.iter().filter(|read| read.version != 0) {
        let before = accepted.partition_point(|(time, ..)| *time < read.begin);
        // Backwards until one whose version was known: those before it nearly always were.
        for (time, version, delay) in accepted[..before].iter_mut().rev() {
            if *version <= read.version {
                break;
            }
            *delay = read.begin - *time;
        }
    }
    delays.extend(accepted.iter().map(|(_, _, delay)| *delay));
}
