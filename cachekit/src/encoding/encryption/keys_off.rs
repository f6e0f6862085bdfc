//! The replacement for the keys of the encryption in a build without the feature `encryption`.

/// A text with keys, which this build cannot use.
pub(crate) type SecretText = String;

/// Returns `text`.
pub(crate) fn secret_text(text: String) -> SecretText {
    text
}

/// Keys in a build without the feature `encryption`. There are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EncryptionKeys {}

impl EncryptionKeys {
    pub(crate) fn has_names(&self) -> bool {
        match *self {}
    }

    pub(crate) fn problem(&self) -> Option<(String, &'static str)> {
        match *self {}
    }
}

impl std::str::FromStr for EncryptionKeys {
    type Err = String;

    fn from_str(_: &str) -> Result<Self, String> {
        Err(
            "expected no keys, because this build cannot encrypt; enable the feature `encryption` \
             of cachekit"
                .to_owned(),
        )
    }
}
