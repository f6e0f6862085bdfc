//! Access traces: the keys that a real program asked for, in order.
//!
//! A trace is a sequence of 4-byte big-endian unsigned integers, one key for each access, plain or
//! compressed with xz. The traces of Caffeine's simulator have this format.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The error for a trace that cannot be read.
#[derive(Debug)]
pub struct TraceError {
    path: PathBuf,
    problem: String,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trace {}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for TraceError {}

/// The environment variable that names a folder with traces.
pub const FOLDER: &str = "CACHEKIT_TRACES";

/// Reads the first `limit` accesses of the trace called `name`.
///
/// `name` is a path, with or without `.trace.xz` or `.trace`, or the name of a trace in
/// the folder that `CACHEKIT_TRACES` names.
///
/// # Errors
///
/// Returns an error if there is no such file, or the file is not a trace.
pub fn read(name: &Path, limit: usize) -> Result<Vec<u32>, TraceError> {
    let path = find(name, std::env::var_os(FOLDER).map(PathBuf::from).as_deref())?;
    let error = |problem: String| TraceError {
        path: path.clone(),
        problem,
    };
    load(&path, limit).map_err(error)
}

/// The first bytes of every xz file.
const XZ: &[u8] = &[0xFD, b'7', b'z', b'X', b'Z', 0];

fn load(path: &Path, limit: usize) -> Result<Vec<u32>, String> {
    let bytes = fs::read(path).map_err(|cause| cause.to_string())?;
    // If the file were read as plain keys, the workload would not be that of the trace.
    if path.extension().is_some_and(|end| end == "xz") && !bytes.starts_with(XZ) {
        return Err("no xz data in it, though its name says so; fetch it again".to_owned());
    }
    decode(&bytes, limit)
}

fn find(name: &Path, folder: Option<&Path>) -> Result<PathBuf, TraceError> {
    let with = |folder: Option<&Path>, suffix: &str| {
        let mut file = name.as_os_str().to_owned();
        file.push(suffix);
        folder.map_or_else(|| PathBuf::from(&file), |folder| folder.join(&file))
    };
    let folders = std::iter::once(None).chain(folder.map(Some));
    folders
        .flat_map(|folder| ["", ".trace.xz", ".trace"].map(|suffix| with(folder, suffix)))
        .find(|path| path.is_file())
        .ok_or_else(|| TraceError {
            path: name.to_owned(),
            problem: format!(
                "no such file; give a path, or a name in the folder that {FOLDER} says"
            ),
        })
}

fn decode(bytes: &[u8], limit: usize) -> Result<Vec<u32>, String> {
    let mut unpacked = Vec::new();
    let plain = if bytes.starts_with(XZ) {
        lzma_rust2::XzReader::new(bytes, true)
            .read_to_end(&mut unpacked)
            .map_err(|cause| format!("damaged xz data ({cause}); fetch it again"))?;
        &unpacked
    } else {
        bytes
    };
    let (keys, rest) = plain.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(format!(
            "{} bytes is no whole number of 4-byte keys; fetch it again, or give another",
            plain.len()
        ));
    }
    if keys.is_empty() {
        return Err("it is empty; give one with at least one key".to_owned());
    }
    Ok(keys
        .iter()
        .take(limit)
        .map(|key| u32::from_be_bytes(*key))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[1, 2, 258]`, made with `xz`.
    const PACKED: &[u8] = include_bytes!("trace/three.xz");

    #[test]
    fn plain_and_packed_traces_are_read() {
        let plain = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 2];
        assert_eq!(decode(&plain, 10), Ok(vec![1, 2, 258]));
        assert_eq!(decode(PACKED, 10), Ok(vec![1, 2, 258]));
        assert_eq!(decode(PACKED, 2), Ok(vec![1, 2]));
    }

    #[test]
    fn damage_is_reported() {
        assert!(decode(&[0, 0, 0], 10).unwrap_err().contains("4-byte"));
        assert!(decode(&[], 10).unwrap_err().contains("empty"));
        assert!(
            decode(&PACKED[..PACKED.len() - 20], 10)
                .unwrap_err()
                .contains("xz")
        );
        let mut flipped = PACKED.to_vec();
        flipped[30] ^= 0xFF;
        assert!(decode(&flipped, 10).unwrap_err().contains("xz"));
    }

    #[test]
    fn a_name_that_promises_xz_is_held_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, packed) = (folder.path().join("day"), folder.path().join("day.xz"));
        fs::write(&plain, [0, 0, 0, 1]).unwrap();
        fs::write(&packed, [0, 0, 0, 1]).unwrap();
        assert_eq!(load(&plain, 10), Ok(vec![1]));
        assert!(load(&packed, 10).unwrap_err().contains("xz"));
    }

    #[test]
    fn a_trace_is_found_by_its_name_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("day.trace.xz"), PACKED).unwrap();
        let found = find(Path::new("day"), Some(folder.path())).unwrap();
        assert_eq!(found, folder.path().join("day.trace.xz"));
        let told = find(Path::new("night"), Some(folder.path()))
            .unwrap_err()
            .to_string();
        assert!(told.contains("night") && told.contains(FOLDER), "{told}");
    }
}
