//! The output of the command: text for people, or JSON, and the errors.

use std::env;
use std::fmt;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use serde::Serialize;

/// The exit code if the answer to a question is no.
pub(crate) const NO: u8 = 1;
/// The exit code if Redis cannot be used.
pub(crate) const UNUSABLE: u8 = 3;

/// An error that ends the command, with its exit code.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) code: u8,
    problem: String,
    remedy: String,
}

impl Error {
    /// Returns the error that the answer to a question is no.
    pub(crate) fn no(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code: NO,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// Returns the error that Redis cannot be used.
    pub(crate) fn unusable(problem: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self {
            code: UNUSABLE,
            problem: problem.to_string(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A reply of the server may be part of the text.
        let lines = |text: &str| text.lines().map(printable).collect::<Vec<_>>().join("\n");
        write!(f, "error: {}", lines(&self.problem))?;
        if !self.remedy.is_empty() {
            write!(f, "\n       {}", lines(&self.remedy))?;
        }
        Ok(())
    }
}

/// The writer of answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    is_json: bool,
    /// `true` if standard output is a terminal that understands control sequences.
    is_screen: bool,
    /// `true` if words are coloured: `is_screen` is `true`, and `NO_COLOR` is not set.
    is_coloured: bool,
}

impl Output {
    pub(crate) fn new(is_json: bool) -> Self {
        let wants_none = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|it| it == "dumb");
        let is_screen = !is_json && !is_dumb && io::stdout().is_terminal();
        Self {
            is_json,
            is_screen,
            is_coloured: is_screen && !wants_none,
        }
    }

    /// Prints `answer` as one line of JSON, or `text` for people. Returns `false` if the output can
    /// no longer be written.
    pub(crate) fn print(self, answer: &impl Serialize, text: impl fmt::Display) -> bool {
        if self.is_json {
            match serde_json::to_string(answer) {
                Ok(line) => print(&(escaped(line) + "\n")),
                Err(error) => print(&format!("{{\"error\":\"{error}\"}}\n")),
            }
        } else {
            print(&text.to_string())
        }
    }

    /// Returns `true` if standard output is a terminal on which text is redrawn.
    pub(crate) fn redraws(self) -> bool {
        self.is_screen
    }

    /// Prints `text` for people, and nothing in JSON.
    pub(crate) fn say(self, text: impl fmt::Display) {
        if !self.is_json {
            print(&text.to_string());
        }
    }

    /// Prints `text`, yellow, as a line between answers, or to standard error if the answers are JSON.
    /// Returns `false` if nobody reads any more.
    pub(crate) fn note(self, text: impl fmt::Display) -> bool {
        if self.is_json {
            eprintln!("{text}");
            return true;
        }
        print(&(self.warn(text) + "\n"))
    }

    /// Returns `text`, green.
    pub(crate) fn good(self, text: impl fmt::Display) -> String {
        self.coloured(32, text)
    }

    /// Returns `text`, yellow.
    pub(crate) fn warn(self, text: impl fmt::Display) -> String {
        self.coloured(33, text)
    }

    /// Returns `text`, red.
    pub(crate) fn bad(self, text: impl fmt::Display) -> String {
        self.coloured(31, text)
    }

    /// Returns the lines of `text`, yellow, after an empty line. Returns nothing for an empty text.
    pub(crate) fn warn_lines(self, text: impl fmt::Display) -> String {
        let text = text.to_string();
        let lines = text.lines().map(|line| self.warn(line) + "\n");
        let lines: String = lines.collect();
        if lines.is_empty() {
            lines
        } else {
            format!("\n{lines}")
        }
    }

    fn coloured(self, colour: u8, text: impl fmt::Display) -> String {
        if self.is_coloured {
            format!("\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }
}

/// Prints `text` to standard output. Returns `false` if that failed, because the reader has ended,
/// as `head` does, or the disk is full. The failure does not change the command's exit code.
pub(crate) fn print(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written.and_then(|()| stdout.flush()).is_ok()
}

/// Appends a row to the table `text`: the name `name`, and `shown`, the text for that name.
pub(crate) fn row(text: &mut String, name: &str, shown: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{name:<12} {shown}");
}

/// Returns `text` with its control characters escaped. `text` may contain data that users entered,
/// and these data must not control the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns `json` with the control characters escaped that JSON allows in texts, U+007F to U+009F.
pub(crate) fn escaped(json: String) -> String {
    if !json.contains(char::is_control) {
        return json;
    }
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, '\u{7f}'..='\u{9f}') {
            // Writing to a string does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns a number of bytes in words.
pub(crate) fn bytes(count: usize) -> String {
    if count == 1 {
        "1 byte".to_owned()
    } else {
        format!("{count} bytes")
    }
}

/// Returns a length of time with three digits at most, such as `4.21 s`.
pub(crate) fn length(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    match seconds {
        _ if length.is_zero() => "0 s".to_owned(),
        ..1e-3 => format!("{:.0} us", seconds * 1e6),
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        ..100.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_control_the_terminal() {
        let error = Error::unusable("refused:\n\u{1b}[31mred", "wait\u{9b}2J");
        let shown = "error: refused:\n\\u{1b}[31mred\n       wait\\u{9b}2J";
        assert_eq!(error.to_string(), shown);
    }

    #[test]
    fn json_with_control_characters_means_the_same_and_has_none() {
        let value = serde_json::json!({ "a\u{9b}31m": ["\u{7f}", "\u{1b}]0;x\u{7}", "\u{a0}é"] });
        let shown = escaped(value.to_string());
        assert!(!shown.contains(char::is_control), "{shown:?}");
        assert!(
            shown.contains("\\u009b31m") && shown.contains('é'),
            "{shown}"
        );
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read, value);
    }
}
