//! The sources of traces: files, or a generator.

use std::env;
use std::fs;
use std::path::Path;

use cachekit_examples::{trace, workload};

use crate::Fail;

/// Keys in the order of their accesses.
#[derive(Debug)]
pub struct Trace {
    /// Name of the trace.
    pub name: String,
    /// The key of each access.
    pub keys: Vec<u32>,
}

/// The first so many accesses of all traces in the folder that `CACHEKIT_TRACES` names; if it
/// names none, generated ones.
pub(super) fn all(accesses: usize) -> Result<Vec<Trace>, Fail> {
    let Some(folder) = env::var_os(trace::FOLDER) else {
        return Ok(vec![generated(accesses)]);
    };
    let folder = Path::new(&folder);
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        files.push(file?.path());
    }
    files.retain(|file| name(file).is_some());
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no .trace or .trace.xz in it", folder.display()).into());
    }
    let read = |file: &std::path::PathBuf| {
        Ok(Trace {
            name: name(file).unwrap_or_default().to_owned(),
            keys: trace::read(file, accesses)?,
        })
    };
    files.iter().map(read).collect()
}

/// `web` of `web.trace.xz`.
fn name(file: &Path) -> Option<&str> {
    let name = file.file_name()?.to_str()?;
    let name = name.strip_suffix(".xz").unwrap_or(name);
    name.strip_suffix(".trace")
}

/// The keys that requests ask for, and now and then those of a job that reads many rows once.
fn generated(accesses: usize) -> Trace {
    const POPULAR: u32 = 50_000;
    const BETWEEN: usize = 50_000;
    const SCANNED: u32 = 10_000;
    let requests = workload::zipf(POPULAR, accesses, 1);
    let mut keys = Vec::with_capacity(accesses);
    for (job, requests) in (0..).zip(requests.chunks(BETWEEN)) {
        keys.extend(requests);
        let first = POPULAR + 1 + job * SCANNED;
        keys.extend(first..first + SCANNED);
    }
    keys.truncate(accesses);
    Trace {
        name: format!(
            "generated (no traces: {} is not set; Zipf 0.99 with scans)",
            trace::FOLDER
        ),
        keys,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_trace_is_the_same_each_time_and_has_scans() {
        let trace = generated(120_000);
        assert_eq!(trace.keys.len(), 120_000);
        assert_eq!(trace.keys, generated(120_000).keys);
        assert_eq!(trace.keys[50_000..50_003], [50_001, 50_002, 50_003]);
        assert_eq!(trace.keys[110_000], 60_001);
    }

    #[test]
    fn only_traces_have_a_name() {
        let named = |file: &'static str| name(Path::new(file));
        assert_eq!(named("a/web.trace.xz"), Some("web"));
        assert_eq!(named("web.trace"), Some("web"));
        assert_eq!(named("README.md"), None);
    }
}
