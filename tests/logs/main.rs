//! What a cache says: at its start, about the way of a call, in an outage, and in spans.

mod calls;
mod few_lines;
mod outages;
mod queues;
mod spans;
mod start;

use cachekit_tests::capture::Capture;
use tracing::Level;

/// The texts of the lines of `level`.
fn said(log: &Capture, level: Level) -> Vec<String> {
    let lines = log.lines().into_iter();
    let lines = lines.filter(|line| line.level == level && line.text.starts_with("cachekit "));
    lines.map(|line| line.text).collect()
}

/// The number of lines that contain `words`.
fn count(lines: &[String], words: &str) -> usize {
    lines.iter().filter(|line| line.contains(words)).count()
}
