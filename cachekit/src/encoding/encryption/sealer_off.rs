//! The replacement for the sealer in a build without the feature `encryption`.

use crate::encoding::encryption::keys::EncryptionKeys;
use crate::encoding::encryption::{ID, Place, Seal};

/// A sealer in a build without the feature `encryption`. There is none.
#[derive(Debug)]
pub(crate) enum Sealer {}

impl Sealer {
    pub(crate) fn new(_: &EncryptionKeys, _: &str, _: bool) -> Option<Self> {
        None
    }

    pub(crate) fn id(&self) -> [u8; ID] {
        match *self {}
    }

    pub(crate) fn seal(&self, _: Place<'_>, _: &mut [u8]) -> Option<Seal> {
        match *self {}
    }

    pub(crate) fn open(&self, _: &Seal, _: Place<'_>, _: &mut [u8]) -> Option<()> {
        match *self {}
    }

    pub(crate) fn hashes_names(&self) -> bool {
        match *self {}
    }

    pub(crate) fn name_hash(&self, _: &[u8], _: &[u8]) -> Option<String> {
        match *self {}
    }

    pub(crate) fn seal_name(&self, _: Place<'_>, _: &mut [u8]) -> Option<Seal> {
        match *self {}
    }

    pub(crate) fn open_name(&self, _: &Seal, _: Place<'_>, _: &mut [u8]) -> Option<()> {
        match *self {}
    }
}
