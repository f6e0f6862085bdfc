//! Kinds of settings: the texts that a setting accepts, and the values of a file.

/// Kind of a setting's value. The value is parsed from the same texts wherever it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Flag,
    /// A length of time, such as `5m`.
    Length,
    /// A size in bytes, such as `64MiB`.
    Size,
    /// A whole number.
    Count,
    /// A number with a fraction, or `false`.
    Factor,
    /// A text, or a word from a list.
    Text,
    /// A word from a list, or `true` or `false`.
    WordOrFlag,
    /// A text that no message may repeat, because it is a password or may contain one.
    Secret,
}

impl Kind {
    /// Returns the name of the kind in the table of `docs/configuration.md`.
    #[cfg(test)]
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Length => "time",
            Self::Size => "size",
            Self::Count => "number",
            Self::Factor => "factor",
            Self::Text | Self::Secret => "text",
            Self::WordOrFlag => "word",
        }
    }
}
