//! The text of a configuration file, for messages about it.

use std::ops::Range;

/// Longest value, in bytes, that a message repeats.
const LONGEST_VALUE: usize = 60;

/// The text of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceText<'a>(&'a str);

impl<'a> SourceText<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the line, from 1, of the byte at `offset`.
    pub(crate) fn line(self, offset: usize) -> usize {
        let before = self.0.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    /// Returns `key = value` as it is in the file, or only the key if the value is long.
    pub(crate) fn setting(self, key: &str, value: Range<usize>) -> String {
        match self.0.get(value) {
            Some(value) if value.len() <= LONGEST_VALUE && !value.contains('\n') => {
                format!("`{key} = {value}`")
            }
            _ => format!("`{key}`"),
        }
    }
}
