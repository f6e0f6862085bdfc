//! Log messages about the configuration file.

use std::fmt;

/// Reports the changes of the configuration file at `path` that were applied, and the changes that
/// take effect only when the process starts again.
pub(crate) fn reloaded(path: &str, changed: &[String], needs_restart: &[String]) {
    event!(
        info,
        path = path,
        changed = ?changed,
        needs_restart = ?needs_restart,
        "the configuration file was read again"
    );
}

/// Reports that the configuration file has changed, but cannot be used. Nothing has changed in the
/// cache.
pub(crate) fn refused(error: &dyn fmt::Display) {
    event!(
        error,
        "the configuration file cannot be used, and changes nothing: {}",
        error
    );
}
