//! The conditions under which the run fails.

use crate::CAPACITY;
use crate::load::LABELS;
use crate::report::Row;

/// How much more memory than after the first tenth may be in use, in KiB: what an allocator leaves
/// behind. Ten million keys that left one byte each would take more.
const GROWTH_ALONE: u64 = 8 << 10;

/// The same with a Redis: each node also keeps what it invalidated in the last minute, 100,000
/// names at most, and the first tenth takes less than a minute.
const GROWTH_SHARED: u64 = 32 << 10;

/// Entries that left and are not tidied up yet, and calls that are running.
const SLACK: u64 = 1_000;

/// More tags and events than this are not kept: a sweep is due when those that something hangs
/// on have doubled, and not before each of 16 shards has 256.
const MOST_TAGS: u64 = 2 * LABELS * (CAPACITY + SLACK) + 16 * 256;

/// What is wrong with the rows `after` the warm-up, which ended with `warm`.
pub(crate) fn problems(warm: &Row, after: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    let is_shared = warm.nodes.len() > 1;
    let most = warm.resident
        + if is_shared {
            GROWTH_SHARED
        } else {
            GROWTH_ALONE
        };
    let last = after.last().unwrap_or(warm);
    if last.resident > most {
        problems.push(format!(
            "{} KiB are resident; after the warm-up it was {}",
            last.resident, warm.resident
        ));
    }
    for stats in &last.nodes {
        if stats.flights + stats.writes + stats.redis.queued_invalidations > 0 {
            problems.push(format!("something is still going on: {stats:#?}"));
        }
    }
    let nodes = after.iter().flat_map(|row| &row.nodes);
    let tags = nodes.map(|stats| stats.tags).max().unwrap_or_default();
    if u64::try_from(tags).unwrap_or(u64::MAX) > MOST_TAGS {
        problems.push(format!("{tags} tags are kept; {MOST_TAGS} may be"));
    }
    problems
}
