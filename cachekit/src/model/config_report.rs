//! The effective configuration of a cache: each value with its origin.

use std::fmt;

use crate::model::config_origin::ConfigOrigin;

/// The effective configuration of a cache, with the origin of each value. Its `Display` form is a
/// table. No password is in it.
///
/// Returned by [`Cache::config`](crate::Cache::config).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct EffectiveConfig {
    /// All settings of the cache, also those with default values.
    pub settings: Vec<ConfigEntry>,
    /// Options of cached functions that an attribute or the configuration file sets.
    pub functions: Vec<ConfigEntry>,
}

/// A value of the effective configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ConfigEntry {
    /// Table of a configuration file: `cache`, `redis`, or the name of a function.
    pub section: String,
    /// Key in the table, such as `default_ttl`.
    pub name: String,
    /// The value, as a configuration file has it. Empty if the setting has no value.
    pub value: String,
    /// The place at which the value was set.
    pub origin: ConfigOrigin,
}

impl fmt::Display for EffectiveConfig {
    /// Writes a line for each value: its table and key, the value and its origin.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 3]> = self
            .settings
            .iter()
            .chain(&self.functions)
            .map(row)
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let (name, value) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
        for [setting, shown, origin] in &rows {
            writeln!(f, "{setting:name$}  {shown:value$}  {origin}")?;
        }
        Ok(())
    }
}

fn row(entry: &ConfigEntry) -> [String; 3] {
    let value = if entry.value.is_empty() {
        "-"
    } else {
        &entry.value
    };
    [
        format!("{}.{}", entry.section, entry.name),
        value.to_owned(),
        entry.origin.to_string(),
    ]
}
