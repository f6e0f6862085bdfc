//! Places at which a setting can be set.

use std::fmt;

/// The place at which a value of the effective configuration was set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum ConfigOrigin {
    /// No place: the value is the default.
    Default,
    /// The builder. A call that sets the default value counts as no call.
    Builder,
    /// The attribute of a function.
    Attribute,
    /// A line of the configuration file.
    File {
        /// Path of the file.
        path: String,
        /// Line, from 1.
        line: usize,
    },
    /// The environment variable of this name.
    Environment(String),
}

impl fmt::Display for ConfigOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Builder => f.write_str("builder"),
            Self::Attribute => f.write_str("attribute"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment(name) => f.write_str(name),
        }
    }
}
