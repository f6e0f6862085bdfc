//! The progress of an act: a line that changes if standard output is a terminal, else lines.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use crate::load::{Measured, Sample};
use crate::numbers::{count, float, time};

/// The time between two lines if standard output is no terminal.
const BETWEEN: Duration = Duration::from_secs(5);

/// The samples over which the shown rates are computed.
const RECENT: usize = 10;

const BAR: usize = 24;

#[derive(Debug)]
pub(crate) struct Live {
    title: &'static str,
    is_terminal: bool,
    /// The time of the last line since the beginning.
    shown: Duration,
}

impl Live {
    pub(crate) fn new(title: &'static str) -> Self {
        Self {
            title,
            is_terminal: std::io::stdout().is_terminal(),
            shown: Duration::ZERO,
        }
    }

    /// Shows the progress after the last of `samples`.
    pub(crate) fn show(&mut self, samples: &[Sample], requests: usize) {
        let Some(last) = samples.last() else {
            return;
        };
        if !self.is_terminal && last.at < self.shown + BETWEEN {
            return;
        }
        self.shown = last.at;
        let first = samples[samples.len().saturating_sub(RECENT)];
        let seconds = last.at.saturating_sub(first.at).as_secs_f64().max(0.001);
        let rate = |now: u64, before: u64| count(float(now - before) / seconds);
        let done = usize::try_from(last.answers)
            .unwrap_or(requests)
            .min(requests);
        let filled = BAR * done / requests.max(1);
        let line = format!(
            "{:<30} [{:<BAR$}] {:>3} % {:>8} requests/s {:>6} queries/s",
            self.title,
            "#".repeat(filled),
            100 * done / requests.max(1),
            rate(last.answers, first.answers),
            rate(last.queries, first.queries),
        );
        self.print(&line, false);
    }

    /// Shows the end of the act.
    pub(crate) fn end(&self, measured: &Measured) {
        let requests = float(measured.requests());
        let line = format!(
            "{:<30} {:>7} requests in {:>6}, {:>7}/s, {:>6} queries",
            self.title,
            count(requests),
            time(measured.wall),
            count(requests / measured.wall.as_secs_f64().max(0.001)),
            count(float(measured.queries)),
        );
        self.print(&line, true);
    }

    /// Prints a line. In a terminal, the next line replaces it unless it is `last`. It is no failure
    /// if the reader of the output has ended.
    fn print(&self, line: &str, last: bool) {
        let begin = if self.is_terminal { "\r\x1b[K" } else { "" };
        let end = if self.is_terminal && !last { "" } else { "\n" };
        let mut out = std::io::stdout().lock();
        let _ = write!(out, "{begin}{line}{end}").and_then(|()| out.flush());
    }
}
