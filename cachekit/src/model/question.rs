//! Questions that one process asks all processes of a namespace.

/// A question that one process asks all processes of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Asks for the statistics of the cache.
    Stats,
    /// Asks for the effective configuration of the cache.
    Config,
}

impl Question {
    /// Returns the byte that stands for the question in a message.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Stats => b's',
            Self::Config => b'c',
        }
    }

    /// Returns the question for which `code` stands, or `None` for a byte of another version.
    pub(crate) fn of_code(code: u8) -> Option<Self> {
        [Self::Stats, Self::Config]
            .into_iter()
            .find(|question| question.code() == code)
    }
}
