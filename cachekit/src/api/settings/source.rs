//! A configuration file that was read: its settings of the cache, and its options of functions.

use std::fmt;

use crate::api::settings::function_option::FunctionOption;
use crate::api::settings::setting::Setting;
use crate::model::config::Config;

/// A configuration file without a mistake of its own. Its functions were not yet compared with
/// those of the program.
pub(crate) struct ConfigSource {
    /// Path of the file.
    pub(crate) path: String,
    /// Text of the file.
    pub(crate) text: String,
    pub(crate) settings: Vec<FileSetting>,
    pub(crate) functions: Vec<FunctionTable>,
}

/// A setting of the cache in a file.
pub(crate) struct FileSetting {
    pub(crate) setting: &'static Setting,
    /// The value, as the setting reads it.
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A table of a file for one function, or for all whose names begin alike.
#[derive(Debug)]
pub(crate) struct FunctionTable {
    /// Name of a function, or the beginning of names with a `*` behind it.
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) options: Vec<FileOption>,
}

/// An option of functions in a file.
#[derive(Debug)]
pub(crate) struct FileOption {
    pub(crate) option: &'static FunctionOption,
    /// The value, as the option reads it.
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl ConfigSource {
    /// Sets in `config` every setting of the file.
    pub(crate) fn apply(&self, config: &mut Config) {
        for FileSetting { setting, text, .. } in &self.settings {
            // Every value was already parsed once, when the file was read.
            let read = (setting.read)(config, text);
            debug_assert!(read.is_ok(), "{}: {read:?}", setting.key);
        }
    }

    /// Returns the settings of the cache as they are in the file, each with its table.
    pub(crate) fn written(&self) -> Vec<(String, String)> {
        let settings = self.settings.iter();
        settings
            .map(|it| {
                (
                    format!("{}.{}", it.setting.table, it.setting.key),
                    it.text.clone(),
                )
            })
            .collect()
    }

    /// Returns `text` as a problem of this file at `line`.
    pub(crate) fn problem(&self, line: usize, text: &str) -> String {
        format!("{}:{line}: {text}", self.path)
    }
}

/// Shows no values, because a value may be a password.
impl fmt::Debug for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigSource")
            .field("path", &self.path)
            .field("settings", &self.settings)
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FileSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSetting")
            .field("key", &self.setting.key)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
