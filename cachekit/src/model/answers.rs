//! Answers of processes to a question of another process.

use std::fmt;

/// The answers of the processes of a namespace to one question.
///
/// Returned by [`Cache::ask_stats`](crate::Cache::ask_stats) and
/// [`Cache::ask_config`](crate::Cache::ask_config).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answers<T> {
    /// Answers that arrived in time, sorted by the process.
    pub nodes: Vec<NodeAnswer<T>>,
    /// Number of processes that got the question and did not answer in time.
    pub silent: usize,
}

/// The answer of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeAnswer<T> {
    /// Random identity of the process, in hexadecimal digits. A process has a new one after each
    /// start.
    pub node: String,
    /// The content of the answer, or the reason why it cannot be read.
    pub content: Result<T, AnswerError>,
}

/// The reason why the answer of a process cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerError {
    /// The answer has this version, and not the version that this process reads.
    Version(u64),
    /// The answer is longer than 4 MiB, because the process has too many functions.
    TooLong,
    /// The bytes are not an answer.
    Malformed,
}

/// The version of answers that this version of the library writes and reads.
#[cfg(feature = "serde")]
pub(crate) const VERSION: u64 = 1;

/// The size in bytes of the longest answer.
#[cfg(feature = "serde")]
pub(crate) const LONGEST: usize = 4 << 20;

impl<T> Answers<T> {
    /// Returns an iterator over the answers that could be read, each with its process.
    pub fn read(&self) -> impl Iterator<Item = (&str, &T)> {
        let answers = self.nodes.iter();
        answers.filter_map(|it| Some((&*it.node, it.content.as_ref().ok()?)))
    }
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(
                f,
                "the answer has version {version}, and this program reads version 1: use the `cachekit` of the service's version"
            ),
            Self::TooLong => f.write_str("the answer is longer than 4 MiB"),
            Self::Malformed => f.write_str("the bytes are not an answer of cachekit"),
        }
    }
}

impl std::error::Error for AnswerError {}
