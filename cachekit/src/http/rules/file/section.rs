//! A table of the file: its keys with their lines, and the problems found in it.

use toml::de::{DeTable, DeValue};

use crate::api::settings::file::source_text::SourceText;
use crate::base::spelling::did_you_mean;
use crate::http::rules::error::Problem;
use crate::http::rules::settings::Lines;

/// A table of the file.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    source: SourceText<'a>,
    rule: Option<String>,
    pub(crate) lines: Lines,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Section<'a> {
    /// Creates a section for the rule of this name, or outside of rules.
    pub(crate) fn new(source: SourceText<'a>, rule: Option<String>) -> Self {
        Self {
            source,
            rule,
            lines: Lines::default(),
            problems: Vec::new(),
        }
    }

    /// Calls `set` for each key. An `Err` of `set` says what is wrong with the key or the value,
    /// and what to do. `known` has the keys of the table.
    pub(crate) fn read(
        &mut self,
        table: &DeTable<'_>,
        known: &[&[&str]],
        mut set: impl FnMut(&str, &DeValue<'_>) -> Result<(), String>,
    ) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let line = self.source.line(key.span().start);
            self.lines.keys.push((name.to_owned(), line));
            if let Err(why) = set(name, value.get_ref()) {
                let text = if why.starts_with("unknown key") {
                    // The key that was meant is recorded, so that it is not reported as missing.
                    let meant = did_you_mean(name, known.iter().copied().flatten().copied());
                    self.lines.meant.extend(meant.map(str::to_owned));
                    why
                } else {
                    format!("{}: {why}", self.source.setting(name, value.span()))
                };
                self.add(Some(line), text);
            }
        }
    }

    pub(crate) fn add(&mut self, line: Option<usize>, text: String) {
        self.problems.push(Problem {
            line,
            rule: self.rule.clone(),
            text,
        });
    }
}

/// Returns a problem outside of rules.
pub(crate) fn at_line(line: Option<usize>, text: String) -> Problem {
    Problem {
        line,
        rule: None,
        text,
    }
}

/// Sets `slot` to the value read.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the keys that are not known give `None`"
)]
pub(crate) fn put<T>(slot: &mut Option<T>, value: Result<T, String>) -> Option<Result<(), String>> {
    Some(value.map(|value| *slot = Some(value)))
}
