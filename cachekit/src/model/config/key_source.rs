//! The setting of the encryption keys: keys, a text with keys, or a file with such a text.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::encoding::encryption::keys::{EncryptionKeys, SecretText};

/// Keys of a cache's encryption, or the place where they are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    #[cfg(feature = "encryption")]
    Keys(EncryptionKeys),
    Text(SecretText),
    File(PathBuf),
}

impl KeySource {
    /// Returns the file with the keys, if they are in a file.
    pub(crate) fn file(&self) -> Option<&Path> {
        let Self::File(path) = self else {
            return None;
        };
        Some(path)
    }

    /// Returns the name of the setting, for messages.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            #[cfg(feature = "encryption")]
            Self::Keys(_) => "encryption",
            Self::Text(_) => "encryption_keys (CACHE_ENCRYPTION_KEYS)",
            Self::File(_) => "encryption_keys_file (CACHE_ENCRYPTION_KEYS_FILE)",
        }
    }

    /// Returns the keys, which for a file are in `text`.
    ///
    /// # Errors
    ///
    /// Returns the problem if a text is no text of keys. The problem contains no part of the text.
    pub(crate) fn keys(&self, text: &str) -> Result<EncryptionKeys, String> {
        match self {
            #[cfg(feature = "encryption")]
            Self::Keys(keys) => Ok(keys.clone()),
            Self::Text(own) => own.parse(),
            Self::File(_) => text.parse(),
        }
    }
}

impl fmt::Debug for KeySource {
    /// Formats no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "encryption")]
            Self::Keys(keys) => keys.fmt(f),
            Self::Text(_) => f.write_str("(hidden)"),
            Self::File(path) => path.fmt(f),
        }
    }
}
