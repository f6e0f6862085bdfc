//! The opening of an outbox's file, and the reading of the names in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::base::file_lock::try_lock;
use crate::base::trace;
use crate::encoding::encryption::blob;
use crate::encoding::encryption::sealer::Sealer;
use crate::l2::outbox_file::{MAX_BYTES, MAX_NAMES, OutboxFile, PLACE, PREFIX};
use crate::store::key_name::StoreKey;

/// The first line of the file: the name and the version of the format.
const FORMAT: &str = "cachekit outbox 1\n";

/// The problem with a file, and the remedy, as texts for the user.
pub(crate) type Wrong = (String, &'static str);

impl OutboxFile {
    /// Opens the file at `path` for a cache with this `namespace`, makes the file if it does not
    /// exist, and locks it. Also returns the names in the file, which the store has not accepted.
    /// Returns the name of everything if the file is damaged or too large, or has a name that is
    /// encrypted with a key that `sealer` lacks.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if the file cannot be opened, read and written, if
    /// another cache uses it, or if it is a file of another kind or namespace.
    pub(crate) fn open(
        path: &Path,
        namespace: &str,
        sealer: Option<Arc<Sealer>>,
    ) -> Result<(Self, Vec<StoreKey>), Wrong> {
        let failed = |error: io::Error| {
            let problem = format!("`{}` cannot be used: {error}", path.display());
            (
                problem,
                "give the path of a file that this process may read and write",
            )
        };
        let mut file = open(path).map_err(failed)?;
        if !try_lock(&file).map_err(failed)? {
            let problem = format!("`{}` is used by another cache or process", path.display());
            return Err((problem, "give each process a file of its own"));
        }
        let header = format!("{FORMAT}{namespace}\n");
        let content = content(&mut file).map_err(failed)?;
        let records = match content.strip_prefix(header.as_bytes()) {
            Some(records) => records,
            // An earlier process ended while it created the file.
            None if header.as_bytes().starts_with(&content) => {
                begin(&mut file, path, &header).map_err(failed)?;
                &[]
            }
            None => return Err(foreign(path, &content)),
        };
        let names = names(records, sealer.as_deref());
        let length = header.len() as u64;
        let mut opened = Self {
            file,
            sealer,
            header: length,
            length: length + records.len() as u64,
            recorded: names.iter().flatten().cloned().collect(),
            is_everything: false,
            is_incomplete: names.is_none(),
        };
        if names.is_none() {
            trace::outbox_file_damaged(&path.display().to_string());
            // A failure leaves the damage in the file.
            let _ = opened.record(&[]);
        }
        Ok((
            opened,
            names.unwrap_or_else(|| vec![StoreKey::everything()]),
        ))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // The file contains keys, which may be about persons.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Reads the file, but at most one byte more than the file's greatest allowed size.
fn content(file: &mut File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Writes the header of a new file, and synchronises the file and its folder.
fn begin(file: &mut File, path: &Path, header: &str) -> io::Result<()> {
    file.rewind()?;
    file.write_all(header.as_bytes())?;
    file.sync_all()?;
    #[cfg(unix)]
    if let Some(folder) = path.canonicalize()?.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn foreign(path: &Path, content: &[u8]) -> Wrong {
    let is_of_outbox = content.starts_with(FORMAT.as_bytes());
    let kind = if is_of_outbox {
        "belongs to another namespace"
    } else {
        "is no outbox file of this version"
    };
    let problem = format!("`{}` {kind}", path.display());
    (problem, "give the path of another file")
}

/// Returns the names in `records`. Returns `None` if a record is damaged, if the end of the last
/// record is missing, if there are too many records, or if a name is encrypted and `sealer` cannot
/// open it.
fn names(mut records: &[u8], sealer: Option<&Sealer>) -> Option<Vec<StoreKey>> {
    let mut names = Vec::new();
    while !records.is_empty() {
        let (prefix, rest) = records.split_at_checked(PREFIX)?;
        let (length, checksum) = prefix.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (name, rest) = rest.split_at_checked(length)?;
        if checksum != xxh3_64(name).to_le_bytes() || names.len() == MAX_NAMES {
            return None;
        }
        names.push(if blob::is_sealed(name) {
            StoreKey::read(&blob::open(sealer?, PLACE, name)?)
        } else {
            StoreKey::read(name)
        });
        records = rest;
    }
    Some(names)
}
