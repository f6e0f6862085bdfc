//! Reader of configuration files.

use std::path::Path;

use crate::api::settings::source::ConfigSource;

/// Reads the configuration file at `path`.
///
/// # Errors
///
/// Returns every problem of the file, each with its line and its remedy.
#[cfg(feature = "config-file")]
pub(crate) fn read_source(path: &Path) -> Result<ConfigSource, Vec<String>> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![format!(
            "{shown}: cannot be read: {error}; check the path and its permissions"
        )]
    })?;
    crate::api::settings::file::parse(shown, text)
}

/// Returns the error that this build reads no configuration file.
#[cfg(not(feature = "config-file"))]
pub(crate) fn read_source(path: &Path) -> Result<ConfigSource, Vec<String>> {
    Err(vec![format!(
        "{}: this build reads no configuration file; enable the feature `config-file` of cachekit, \
         or remove the file (`from_file`, CACHEKIT_CONFIG) from the set-up",
        path.display()
    )])
}
