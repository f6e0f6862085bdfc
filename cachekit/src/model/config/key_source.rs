//! The setting of the encryption keys: keys, a text with keys, or a file with such a text.

use std::fmt;
use std::path::PathBuf;

use crate::encoding::encryption::keys::EncryptionKeys;

/// Keys of a cache's encryption, or the place where they are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    #[cfg_attr(
        not(feature = "encryption"),
        expect(dead_code, reason = "such a build has no keys")
    )]
    Keys(EncryptionKeys),
    Text(String),
    File(PathBuf),
}

impl KeySource {
    /// Returns the name of the setting, for messages.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Keys(_) => "encryption",
            Self::Text(_) => "encryption_keys (CACHE_ENCRYPTION_KEYS)",
            Self::File(_) => "encryption_keys_file (CACHE_ENCRYPTION_KEYS_FILE)",
        }
    }

    /// Returns the keys.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if a file cannot be read, or a text is no text of keys.
    /// Neither contains a part of the text.
    pub(crate) fn keys(&self) -> Result<EncryptionKeys, (String, String)> {
        let parsed = |text: &str| {
            let keys = text.parse::<EncryptionKeys>();
            keys.map_err(|wrong| {
                let remedy = "write keys such as `2026-11:` and 32 random bytes in base64";
                (wrong, remedy.to_owned())
            })
        };
        match self {
            Self::Keys(keys) => Ok(keys.clone()),
            Self::Text(text) => parsed(text),
            Self::File(path) => {
                let read = std::fs::read_to_string(path);
                let text = read.map_err(|error| {
                    let problem = format!("cannot read `{}`: {error}", path.display());
                    (problem, "check the path and its permissions".to_owned())
                })?;
                parsed(&text)
            }
        }
    }
}

impl fmt::Debug for KeySource {
    /// Formats no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(keys) => keys.fmt(f),
            Self::Text(_) => f.write_str("(hidden)"),
            Self::File(path) => path.fmt(f),
        }
    }
}
