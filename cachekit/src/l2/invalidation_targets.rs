//! The targets of an invalidation (entries, tags, events, functions or everything), and their names
//! in the store (L2).

use crate::key::Key;
use crate::l2::entry_keys::with_guards;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;
use crate::store::key_name::StoreKey;

/// The keys, tags and functions that one invalidation concerns, and its mode.
#[derive(Debug, Clone, Default)]
pub(crate) struct InvalidationTargets {
    pub(crate) keys: Vec<Key>,
    pub(crate) tags: Vec<Tag>,
    /// The names of cached functions and regions.
    pub(crate) functions: Vec<Box<str>>,
    pub(crate) everything: bool,
    /// Name of the function or region of the first key whose function is known, for the span.
    /// Without spans, `None`.
    pub(crate) function_of_keys: Option<Box<str>>,
    pub(crate) mode: InvalidationMode,
}

impl InvalidationTargets {
    pub(crate) fn key(key: &[u8]) -> Self {
        Self {
            keys: vec![Key::new(key)],
            ..Self::default()
        }
    }

    #[cfg(feature = "dashboard")]
    pub(crate) fn keys(keys: &[Key]) -> Self {
        Self {
            keys: keys.to_vec(),
            ..Self::default()
        }
    }

    pub(crate) fn function(name: &str) -> Self {
        Self {
            functions: vec![name.into()],
            ..Self::default()
        }
    }

    pub(crate) fn tags(tags: impl IntoIterator<Item = Tag>) -> Self {
        Self {
            tags: tags.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Makes the targets of a hard invalidation (entries, tags, events, functions or everything)
    /// from `names`, the names in another node's message.
    pub(crate) fn from_names(names: &[StoreKey]) -> Self {
        let mut targets = Self::default();
        for name in names {
            match name.parts() {
                Some(("k", key)) => targets.keys.push(Key::new(key)),
                Some(("f", name)) => targets.functions.push(String::from_utf8_lossy(name).into()),
                Some(("all", _)) => targets.everything = true,
                Some(("t" | "e", _)) => targets.tags.extend(Tag::named(name.as_bytes())),
                // No entry in memory depends on a guard or a replica, so the name of a guard or a
                // replica is no target.
                _ => {}
            }
        }
        targets
    }

    /// Returns these targets with `name` as the function or region of the keys.
    pub(crate) fn of_function(self, name: Option<Box<str>>) -> Self {
        Self {
            function_of_keys: name,
            ..self
        }
    }

    /// Returns a word for the targets: `everything`, the name of a function or region, or else
    /// `events`, `tags` or `keys`.
    pub(crate) fn summary(&self) -> &str {
        let function = self.functions.first().or(self.function_of_keys.as_ref());
        match (function, &*self.tags) {
            _ if self.everything => "everything",
            (Some(function), _) => function,
            (None, [tag, ..]) if tag.is_event() => "events",
            (None, [_, ..]) => "tags",
            (None, []) => "keys",
        }
    }

    /// Returns the same targets (entries, tags, events, functions) for an invalidation with the
    /// mode `mode`: hard or soft.
    pub(crate) fn with_mode(self, mode: InvalidationMode) -> Self {
        Self { mode, ..self }
    }

    /// Adds the targets of the invalidation `other` (entries, tags, events, functions), whose mode
    /// (hard or soft) must be equal.
    pub(crate) fn join(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.tags.extend(other.tags);
        self.functions.extend(other.functions);
        self.everything |= other.everything;
        self.function_of_keys = self.function_of_keys.take().or(other.function_of_keys);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len() + self.tags.len() + self.functions.len() + usize::from(self.everything)
    }

    /// Returns the names in the store of all invalidated entries, tags, events and functions,
    /// including the guards (versions of all tags with one prefix) that cover the tags.
    pub(crate) fn names(&self) -> Vec<StoreKey> {
        let keys = self.keys.iter().map(StoreKey::entry);
        let tags = self
            .tags
            .iter()
            .flat_map(|tag| with_guards(&StoreKey::tag(tag)));
        let functions = self.functions.iter().map(|name| StoreKey::function(name));
        let everything = self.everything.then(StoreKey::everything);
        keys.chain(tags)
            .chain(functions)
            .chain(everything)
            .collect()
    }
}
