//! The mode in which a write invalidates.

/// What an invalidation leaves of the values from before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum InvalidationMode {
    /// Nothing.
    #[default]
    Hard,
    /// What may be served old, for a window that begins with it: it names the entry.
    SoftEntry,
    /// The same by a tag, an event or a function. In Redis the window begins when somebody
    /// first asks there for the right to compute the entry anew.
    SoftGroup,
    /// Everything, as nothing is said: what is from before ends with its life.
    Unsaid,
}

const WORDS: &[(InvalidationMode, &str)] = &[
    (InvalidationMode::Hard, "hard"),
    (InvalidationMode::SoftEntry, "soft-entry"),
    (InvalidationMode::SoftGroup, "soft-group"),
    (InvalidationMode::Unsaid, "unsaid"),
];

impl InvalidationMode {
    /// As a node tells it to the parent.
    pub(crate) fn word(self) -> &'static str {
        let found = WORDS.iter().find(|(mode, _)| *mode == self);
        found.map_or("", |(_, word)| word)
    }

    /// What a node told.
    pub(crate) fn read(word: &str) -> Option<Self> {
        let found = WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(mode, _)| *mode)
    }
}
