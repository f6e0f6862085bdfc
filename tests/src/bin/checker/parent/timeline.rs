//! The events around a violation.

use super::World;
use super::history::Read;
use super::judge::Verdict;
use cachekit_tests::clock::nanos;
use std::time::Duration;

/// So long before the read it is told.
const BEFORE: Duration = Duration::from_millis(1_500);

/// At most so many lines.
const LINES: usize = 60;

/// Writes of the row, reads of it that got another version than the one before on that
/// node, and faults, in order of time.
pub(super) fn tell(world: &World, verdict: &Verdict, about: &Read) -> Vec<String> {
    let from = about.begin.saturating_sub(nanos(BEFORE));
    let within = |time: u64| (from..=about.end).contains(&time);
    let shown = |time| world.history.shown(time);
    let mut lines = world.disruptions.between(from, about.end);
    for (time, version) in world.table.commits(about.cell) {
        if within(time) {
            lines.push((time, format!("version {version} committed")));
        }
    }
    let of_row = |write: &&super::history::Write| write.cell == about.cell;
    for write in verdict.events.writes.iter().filter(of_row) {
        if within(write.returned) {
            let accepted = write.accepted.map_or("never".to_owned(), shown);
            let line = format!(
                "{} invalidated before {} ({}), from {}, accepted {accepted}",
                write.who(),
                write.version,
                write.kind,
                shown(write.began),
            );
            lines.push((write.returned, line));
        }
    }
    let mut last = [0; 16];
    for read in verdict
        .events
        .reads
        .iter()
        .filter(|read| read.cell == about.cell)
    {
        let node = usize::from(read.node) % last.len();
        if within(read.begin) && (last[node] != read.version || read.begin == about.begin) {
            let how = if read.spent > 0 { "computed" } else { "read" };
            let line = format!(
                "node {} {how} version {}, until {}",
                read.node,
                read.version,
                shown(read.end),
            );
            lines.push((read.begin, line));
        }
        last[node] = read.version;
    }
    lines.sort();
    let skipped = lines.len().saturating_sub(LINES);
    let shown_lines = lines.into_iter().skip(skipped);
    shown_lines
        .map(|(time, line)| format!("{:>14} {line}", shown(time)))
        .collect()
}
