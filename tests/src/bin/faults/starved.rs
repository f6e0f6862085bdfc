//! The time for which the threads of calls were ready to run and waited for a processor: a delay of
//! the machine, not of the cache.

use std::fs;
use std::path::PathBuf;

/// The threads on which everything that is measured runs.
pub(crate) const THREADS: &str = "calls";

/// Delays shorter than this, in nanoseconds, are of every day.
const USUAL: u64 = 1_000_000;

/// The threads, and how long each had waited at the last look.
pub(crate) struct Starved(Vec<(PathBuf, u64)>);

impl Starved {
    /// Where the system does not tell, nobody is starved.
    pub(crate) fn new() -> Self {
        let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
        let folders = tasks.filter_map(|task| Some(task.ok()?.path()));
        let ours = folders.filter(|folder| {
            let name = fs::read_to_string(folder.join("comm"));
            name.is_ok_and(|name| name.trim() == THREADS)
        });
        let files = ours.map(|folder| folder.join("schedstat"));
        Self(files.map(|file| (file, 0)).collect())
    }

    /// The longest that one of them waited since the last look, in nanoseconds.
    pub(crate) fn look(&mut self) -> Option<u64> {
        let waits = self.0.iter_mut().map(|(file, before)| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let now = delay(&text).unwrap_or(*before);
            now - std::mem::replace(before, now)
        });
        waits.max().filter(|wait| *wait > USUAL)
    }
}

/// Time on a processor, time waiting for one, and how often.
fn delay(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_is_the_delay() {
        assert_eq!(delay("5 70 9\n"), Some(70));
        assert_eq!(delay(""), None);
    }
}
