//! The error of rules that cannot be used.

use std::error::Error;
use std::fmt;

/// The error of rules that cannot be used. It has every problem of a file, each with the line, the
/// rule and the remedy.
///
/// Returned by [`RuleSet::from_toml_path`](crate::http::RuleSet::from_toml_path),
/// [`RuleSet::from_toml_str`](crate::http::RuleSet::from_toml_str) and
/// [`RuleSetBuilder::build`](crate::http::RuleSetBuilder::build).
///
/// # Examples
///
/// ```
/// use cachekit::http::RuleSet;
///
/// let error = RuleSet::from_toml_str(
///     r#"
///     [[http.rule]]
///     name = "product"
///     path = "/api/products/{id}"
///     tll = "5m"
///     "#,
/// )
/// .unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 5: rule \"product\": unknown key `tll`; did you mean `ttl`?"
/// );
/// assert_eq!((error.line(), error.rule()), (Some(5), Some("product")));
/// ```
///
/// The text for `Debug` is that for `Display`, because a `main` that returns the error shows the
/// former.
#[derive(Clone, PartialEq, Eq)]
pub struct RuleError {
    file: Option<String>,
    /// At least one problem, in the order of lines.
    problems: Vec<Problem>,
}

/// A problem of a set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Line of the file, from 1.
    pub(crate) line: Option<usize>,
    pub(crate) rule: Option<String>,
    /// The mistake, and the remedy.
    pub(crate) text: String,
}

impl RuleError {
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.line);
        Self {
            file: None,
            problems,
        }
    }

    /// Sets the name of the file, for messages.
    pub(crate) fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Returns the line of the first problem, from 1; `None` for rules from code.
    pub fn line(&self) -> Option<usize> {
        self.problems.first()?.line
    }

    /// Returns the name of the rule with the first problem; `None` if the problem is outside of
    /// rules.
    pub fn rule(&self) -> Option<&str> {
        self.problems.first()?.rule.as_deref()
    }

    fn write(&self, problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, problem.line) {
            (Some(file), Some(line)) => write!(f, "{file}:{line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        if let Some(rule) = &problem.rule {
            write!(f, "rule \"{rule}\": ")?;
        }
        f.write_str(&problem.text)
    }
}

/// Writes one line for each problem.
impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            self.write(problem, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for RuleError {}
