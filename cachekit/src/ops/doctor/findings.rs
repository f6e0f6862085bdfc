//! The findings of the doctor, as the public types that it returns.

use std::fmt;
use std::time::Duration;

use crate::base::error::BuildError;
use crate::model::server_info::ServerInfo;
use crate::store::examination::Examination;

/// Severity of a [`Finding`], in the order from the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Severity {
    /// The cache does not start, or does not do its work.
    Error,
    /// The cache works, but does less than it could, or will fail in a situation that the finding
    /// names.
    Warning,
    /// A fact to know. Nothing has to be done.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// A finding of the doctor: a problem, and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// Severity of the problem.
    pub severity: Severity,
    /// Subject of the check, such as `rights` or `eviction`.
    pub subject: String,
    /// Problem in words, without any password.
    pub problem: String,
    /// Change that removes the problem, in words.
    pub remedy: String,
}

impl Finding {
    fn new(
        severity: Severity,
        subject: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (subject, problem, remedy) = (subject.into(), problem.into(), remedy.into());
        Self {
            severity,
            subject,
            problem,
            remedy,
        }
    }

    pub(crate) fn error(
        subject: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, subject, problem, remedy)
    }

    pub(crate) fn warning(
        subject: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, subject, problem, remedy)
    }

    pub(crate) fn info(
        subject: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Info, subject, problem, remedy)
    }

    /// Returns the finding that the cache cannot be built because of `error`.
    pub(crate) fn of_build_error(error: &BuildError) -> Self {
        Self::error(
            "settings",
            error.to_string(),
            "change the setting as the text says",
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            severity,
            subject,
            problem,
            remedy,
        } = self;
        write!(f, "{severity:<7} {subject}: {problem}")?;
        if remedy.is_empty() {
            return Ok(());
        }
        write!(f, "\n        {remedy}")
    }
}

/// Result of the doctor: findings, and facts about Redis.
///
/// `Display` prints a line about Redis, and for each finding a line and, if it has a remedy, a second
/// line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Diagnosis {
    /// Findings, the most severe first.
    pub findings: Vec<Finding>,
    /// Address of Redis without user and password. `None`: no Redis was examined.
    pub address: Option<String>,
    /// Information of Redis about itself. `None`: no Redis was examined, or its account may not run
    /// `INFO`.
    pub server: Option<ServerInfo>,
    /// Time from sending a message over the bus to its arrival. `None`: no message arrived.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize_option")
    )]
    pub bus_round_trip: Option<Duration>,
}

impl Diagnosis {
    pub(crate) fn new(mut findings: Vec<Finding>, examination: Option<Examination>) -> Self {
        findings.sort_by_key(|finding| finding.severity);
        let (address, server, bus_round_trip) = match examination {
            Some(found) => (Some(found.address), found.info, found.bus_round_trip),
            None => (None, None, None),
        };
        Self {
            findings,
            address,
            server,
            bus_round_trip,
        }
    }

    /// Returns `true` if a finding is an error.
    pub fn has_errors(&self) -> bool {
        self.has(Severity::Error)
    }

    /// Returns `true` if a finding is a warning.
    pub fn has_warnings(&self) -> bool {
        self.has(Severity::Warning)
    }

    fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|it| it.severity == severity)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = &self.address {
            write!(f, "{address}")?;
            if let Some(server) = &self.server {
                write!(
                    f,
                    ": {} {}, {} keys",
                    server.product, server.version, server.keys
                )?;
            }
            if let Some(round_trip) = self.bus_round_trip {
                write!(f, ", bus round trip {round_trip:.1?}")?;
            }
            writeln!(f)?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        if !self.has_errors() && !self.has_warnings() {
            writeln!(f, "no problem found")?;
        }
        Ok(())
    }
}
