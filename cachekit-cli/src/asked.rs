//! The answers of the processes to a question, as the command shows them.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use cachekit::{Answers, QueryError};
use serde::Serialize;

use crate::output::{Error, length};

/// The problem that no process answers.
pub(crate) const NOBODY: &str = "no process answers questions in this namespace";

/// The processes whose answers are missing or cannot be read.
#[derive(Debug, Serialize)]
pub(crate) struct Missing {
    /// Number of processes that did not answer in time.
    pub(crate) silent: usize,
    /// Processes whose answers cannot be read.
    pub(crate) unreadable: Vec<Unreadable>,
    #[serde(skip)]
    wait: Duration,
}

/// A process whose answer cannot be read.
#[derive(Debug, Serialize)]
pub(crate) struct Unreadable {
    node: String,
    problem: String,
}

impl Missing {
    /// Returns that no answer is missing.
    pub(crate) fn none() -> Self {
        Self {
            silent: 0,
            unreadable: Vec::new(),
            wait: Duration::ZERO,
        }
    }

    /// Returns the missing answers among `answers`, for which the command waited up to `wait`.
    pub(crate) fn of<T>(answers: &Answers<T>, wait: Duration) -> Self {
        let unreadable = answers.nodes.iter().filter_map(|it| {
            let problem = it.content.as_ref().err()?.to_string();
            let node = it.node.clone();
            Some(Unreadable { node, problem })
        });
        Self {
            silent: answers.silent,
            unreadable: unreadable.collect(),
            wait,
        }
    }
}

/// Writes a line for each problem.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.silent > 0 {
            let processes = counted(self.silent);
            writeln!(f, "{processes} did not answer within {}", length(self.wait))?;
        }
        for Unreadable { node, problem } in &self.unreadable {
            writeln!(f, "process {node}: {problem}")?;
        }
        Ok(())
    }
}

/// Returns `answers` with the missing answers, if at least one answer can be read.
///
/// # Errors
///
/// Returns the error with exit code 1 if no process gave an answer that can be read, and the error
/// with exit code 3 if Redis cannot be used.
pub(crate) fn answered<T>(
    answers: Result<Answers<T>, QueryError>,
    wait: Duration,
) -> Result<(Answers<T>, Missing), Error> {
    let answers = answers.map_err(|error| Error::unusable(error, "run `cachekit doctor`"))?;
    let missing = Missing::of(&answers, wait);
    if answers.read().next().is_some() {
        return Ok((answers, missing));
    }
    Err(if answers.nodes.is_empty() && answers.silent == 0 {
        Error::no(
            NOBODY,
            "check `--namespace`; a service without the feature `json`, or with `answers = false`, does \
             not answer",
        )
    } else {
        let mut problem = "no process gave an answer".to_owned();
        for line in missing.to_string().lines() {
            // Writing to a string does not fail.
            let _ = write!(problem, "; {line}");
        }
        Error::no(problem, "give a longer time with `--wait`")
    })
}

/// Returns a number of processes in words.
pub(crate) fn counted(processes: usize) -> String {
    if processes == 1 {
        "1 process".to_owned()
    } else {
        format!("{processes} processes")
    }
}
