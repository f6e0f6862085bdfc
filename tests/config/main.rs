//! Configuration files: precedence, options of functions, reloads, and the printed configuration.

mod functions;
mod precedence;
mod tiers;
mod watched_file;

use std::fs;
use std::path::PathBuf;

use cachekit::{Cache, CacheBuilder, ConfigEntry, ConfigOrigin};
use tempfile::TempDir;

/// A configuration file, in a folder of its own.
struct File {
    folder: TempDir,
}

impl File {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = Self { folder };
        file.write(text);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cachekit.toml")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).expect("a file");
    }

    fn builder(&self) -> CacheBuilder {
        cachekit_tests::builder().from_file(self.path())
    }
}

/// An entry of the effective configuration.
fn entry(cache: &Cache, section: &str, name: &str) -> ConfigEntry {
    let config = cache.config();
    let mut entries = config.settings.into_iter().chain(config.functions);
    let found = entries.find(|entry| entry.section == section && entry.name == name);
    found.unwrap_or_else(|| panic!("{section}.{name}"))
}

fn is_line(origin: &ConfigOrigin, expected: usize) -> bool {
    matches!(origin, ConfigOrigin::File { line, .. } if *line == expected)
}
