//! The file of an outbox, which keeps invalidations over a restart of the process.
//!
//! A header names the format and the namespace. A record for each name follows: the length of the
//! name in 4 bytes, the xxh3 checksum of the name in 8 bytes, both little-endian, and the name.
//! Names are appended and synchronised before they enter the outbox, and the file is cut to its
//! header when the outbox is empty. A file that cannot be read to its end stands for everything,
//! because names may be lost. The same holds for a file that would become too large: removals may
//! be repeated, so too many are harmless. With keys, each name is encrypted, and a name that no key
//! opens stands for everything too.

pub(crate) mod read;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;

use foldhash::quality::RandomState;
use xxhash_rust::xxh3::xxh3_64;

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{Place, blob};
use crate::store::key_name::StoreKey;

/// The largest number of names that wait in the outbox and its file, and of names that were
/// accepted recently. One removal of everything replaces a larger number of names.
pub(crate) const MAX_NAMES: usize = 100_000;

/// The size of the file in bytes, from which one record of everything replaces all names.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// The size in bytes of the length and the checksum before each name.
pub(crate) const PREFIX: usize = 4 + 8;

/// The place that a name in the file is encrypted for.
pub(crate) const PLACE: Place<'static> = Place {
    kind: "outbox",
    parts: &[],
};

/// The locked file of an outbox.
#[derive(Debug)]
pub(crate) struct OutboxFile {
    file: File,
    /// The keys that encrypt the names. `None`: the names are in clear.
    sealer: Option<Arc<Sealer>>,
    /// The length in bytes of the file's header, which names the format and the namespace.
    header: u64,
    /// The length in bytes of the header and the complete records.
    length: u64,
    /// The names that have a record in the file, so that no name is recorded twice.
    recorded: std::collections::HashSet<StoreKey, RandomState>,
    /// `true` if the file has the record that stands for everything, so that no further name need
    /// be recorded.
    is_everything: bool,
    /// `true` after a failed write to the file, so that names may be missing in the file.
    is_incomplete: bool,
}

impl OutboxFile {
    /// Records `names`, so that they are sent after a restart of the process. Does nothing for
    /// names that the file already has. The names are recorded as everything after a failure.
    ///
    /// # Errors
    ///
    /// Returns the first of several errors in a row. The names then do not survive a restart.
    pub(crate) fn record(&mut self, names: &[StoreKey]) -> io::Result<()> {
        if self.is_everything {
            return Ok(());
        }
        let is_new = |name: &&StoreKey| !self.recorded.contains(*name);
        let names: Vec<&StoreKey> = names.iter().filter(is_new).collect();
        if names.is_empty() && !self.is_incomplete {
            return Ok(());
        }
        let written = self.append(&names);
        let was_incomplete = std::mem::replace(&mut self.is_incomplete, written.is_err());
        if was_incomplete { Ok(()) } else { written }
    }

    /// Cuts the file to its header, because the store has accepted all names.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be cut. Its names are then sent again after a restart.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        if self.length == self.header && !self.is_incomplete {
            return Ok(());
        }
        // Without a synchronisation: after a crash of the machine, old names are sent once more.
        self.file.set_len(self.header)?;
        self.length = self.header;
        self.recorded = std::collections::HashSet::default();
        (self.is_everything, self.is_incomplete) = (false, false);
        Ok(())
    }

    fn append(&mut self, names: &[&StoreKey]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for name in names {
            bytes.extend(self.record_of(name)?);
        }
        let length = self.length + bytes.len() as u64;
        let is_full = length > MAX_BYTES || self.recorded.len() + names.len() > MAX_NAMES;
        if is_full || self.is_incomplete {
            return self.record_everything();
        }
        self.write_at(self.length, &bytes)?;
        self.length = length;
        self.recorded.extend(names.iter().copied().cloned());
        Ok(())
    }

    /// Replaces all records by the single record that stands for everything. A crash during the
    /// replacement leaves a file that stands for everything, too.
    fn record_everything(&mut self) -> io::Result<()> {
        let bytes = self.record_of(&StoreKey::everything())?;
        self.write_at(self.header, &bytes)?;
        self.length = self.header + bytes.len() as u64;
        self.file.set_len(self.length)?;
        self.file.sync_data()?;
        self.recorded = std::collections::HashSet::default();
        self.is_everything = true;
        Ok(())
    }

    /// Returns the record for `name`, encrypted if there are keys.
    fn record_of(&self, name: &StoreKey) -> io::Result<Vec<u8>> {
        let Some(sealer) = &self.sealer else {
            return Ok(record(name.as_bytes()));
        };
        let hidden = blob::seal(sealer, PLACE, name.as_bytes());
        let no_random = || io::Error::other("the system gives no random numbers");
        hidden.map(|it| record(&it)).ok_or_else(no_random)
    }

    fn write_at(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(position))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }
}

/// Returns the bytes of the record for `name`, which may be encrypted, in the file of the outbox.
fn record(name: &[u8]) -> Vec<u8> {
    // A name has less than 4 GiB: a longer key has exhausted the memory of its process.
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
    let mut record = Vec::with_capacity(PREFIX + name.len());
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(&xxh3_64(name).to_le_bytes());
    record.extend_from_slice(name);
    record
}
