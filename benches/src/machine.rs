//! The machine and the versions of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// The machine and the versions that figures depend on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// When: seconds since 1970.
    pub taken: u64,
    /// Number of threads that run at once.
    pub cores: usize,
    /// Number of threads of all programs that wanted to run in the minute before; `None`: the system
    /// does not say. More than a part of one makes the figures of two threads useless.
    pub load: Option<f64>,
    /// Output of `rustc --version`; empty without a compiler.
    pub rustc: String,
    /// The compared crates and their versions.
    pub versions: BTreeMap<String, String>,
}

impl Machine {
    /// This one.
    pub fn look() -> Self {
        let taken = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            taken: taken.map_or(0, |since| since.as_secs()),
            cores: thread::available_parallelism().map_or(1, Into::into),
            load: load(),
            rustc: rustc(),
            versions: versions(include_str!("../../Cargo.lock")),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cores, {}", self.cores, self.rustc)?;
        if let Some(load) = self.load {
            write!(f, ", load {load:.1} before it began")?;
        }
        for (name, version) in &self.versions {
            write!(f, ", {name} {version}")?;
        }
        writeln!(f)
    }
}

fn load() -> Option<f64> {
    let said = fs::read_to_string("/proc/loadavg").ok()?;
    said.split_whitespace().next()?.parse().ok()
}

fn rustc() -> String {
    let asked = Command::new("rustc").arg("--version").output();
    let said = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.unwrap_or_default()
}

/// The newest version that is locked of each crate that is compared.
fn versions(lock: &str) -> BTreeMap<String, String> {
    const COMPARED: [&str; 8] = [
        "amalgam-cache",
        "cached",
        "cachekit",
        "hitbox",
        "moka",
        "multi-tier-cache",
        "quick_cache",
        "redis",
    ];
    let mut lines = lock.lines();
    let mut found = BTreeMap::new();
    while let Some(line) = lines.next() {
        let Some(name) = value(line, "name") else {
            continue;
        };
        if COMPARED.contains(&name)
            && let Some(version) = lines.next().and_then(|line| value(line, "version"))
        {
            found.insert(name.to_owned(), version.to_owned());
        }
    }
    found
}

/// `value` of the line `key = "value"`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(key)?.strip_prefix(" = \"")?;
    rest.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn versions_are_those_of_the_lock() {
        let found = versions(include_str!("../../Cargo.lock"));
        assert_eq!(found.len(), 8, "{found:?}");
        assert!(found["moka"].starts_with("0.12."), "{found:?}");
    }
}
