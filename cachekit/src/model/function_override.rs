//! Options of cached functions that a configuration file sets.

use std::collections::HashMap;
use std::fmt;

use crate::base::sync::{Mutex, RwLock};
use crate::model::config_report::ConfigEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::function_spec::{FnSpec, MemoryChoice};
use crate::model::owner::OwnerId;

/// Options of one cached function: those of its attribute, and over them those of the configuration
/// file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FunctionOverride {
    pub(crate) options: EntryOptions,
    /// Capacity of the function's own memory, in entries. `None`: the function has none.
    pub(crate) capacity: Option<u64>,
}

impl FunctionOverride {
    /// Options of a function whose attribute sets none.
    pub(crate) const DEFAULT: Self = Self {
        options: EntryOptions::DEFAULT,
        capacity: None,
    };

    /// Returns the options of the attribute of the function `spec`.
    pub(crate) fn of(spec: &FnSpec) -> Self {
        Self {
            options: spec.options(),
            capacity: match spec.memory_choice() {
                MemoryChoice::Own(entries) => Some(entries),
                MemoryChoice::Shared | MemoryChoice::None => None,
            },
        }
    }
}

/// Configuration of one cache: the origins of its settings, and the options of functions that the
/// configuration file sets. A reload replaces the options of functions.
#[derive(Default)]
pub(crate) struct Configuration {
    /// Settings of the cache, for the printed configuration.
    pub(crate) settings: Vec<ConfigEntry>,
    /// Path of the configuration file, and its settings of the cache as they are written there.
    /// `None`: the cache has no configuration file.
    pub(crate) file: Option<(String, Vec<(String, String)>)>,
    pub(crate) functions: RwLock<FunctionOverrides>,
    /// Held during a reload, so that if two reloads overlap, the one that read the file last is
    /// applied last.
    pub(crate) reloading: Mutex<()>,
}

/// Shows no settings of the file, because a value may be a password.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("settings", &self.settings)
            .field("file", &self.file.as_ref().map(|(path, _)| path))
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

/// Options of those functions that the configuration file names.
#[derive(Debug, Clone, Default)]
pub(crate) struct FunctionOverrides {
    pub(crate) of: HashMap<OwnerId, FunctionOverride>,
    /// The options that the file sets, for the printed configuration.
    pub(crate) entries: Vec<ConfigEntry>,
}

impl Configuration {
    /// Returns the options of the function `spec` in this cache.
    pub(crate) fn options_of(&self, spec: &'static FnSpec) -> EntryOptions {
        let functions = self.functions.read();
        let found = functions.of.get(&spec.id());
        found.map_or_else(|| spec.options(), |found| found.options)
    }

    /// Returns the capacity, in entries, of the own memory of the function `id`: that of the
    /// configuration file, or else `entries`.
    pub(crate) fn capacity_of(&self, id: OwnerId, entries: u64) -> u64 {
        let functions = self.functions.read();
        let found = functions.of.get(&id);
        found.and_then(|found| found.capacity).unwrap_or(entries)
    }
}
