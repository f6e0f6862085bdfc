//! Names and versions in the store that a value depends on, for entries that are computed from that
//! value.

use std::sync::Arc;

use crate::encoding::envelope::Version;

/// Largest number of names that an entry in the store takes over from the entries it was computed
/// from. An entry with more names stays in the memory of its process.
pub(crate) const MOST_NAMES: usize = 256;

/// State of an entry in memory with regard to its lineage: known, not asked for, or impossible to
/// know.
#[derive(Debug, Clone, Default)]
pub(crate) enum EntryLineage {
    /// The names and versions are known.
    Known(Arc<Lineage>),
    /// The versions were not asked for, because no computation had taken a value of the function.
    /// Reading or computing the entry anew finds them.
    #[default]
    NotAsked,
    /// The versions cannot be known: the store was not reachable, the key is too long for an
    /// entry's list of names, or the entry has no computation.
    Unknowable,
}

impl From<Option<Lineage>> for EntryLineage {
    fn from(lineage: Option<Lineage>) -> Self {
        lineage.map_or(Self::Unknowable, |lineage| Self::Known(Arc::new(lineage)))
    }
}

/// A name in the store with the version by which a value was valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedVersion {
    pub(crate) name: Arc<[u8]>,
    pub(crate) version: Version,
}

/// Names in the store that a value depends on, with the versions by which the value was granted or
/// found valid. An entry that is computed from the value takes the lineage over, and is stored only
/// if the store still has these versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lineage {
    /// Versions of the entry's key, of its function and of its tags.
    pub(crate) versions: Vec<NamedVersion>,
    /// Guards of the names in `unversioned`.
    pub(crate) guards: Vec<NamedVersion>,
    /// Names whose versions are not known: tags that were made from a value that the store may not
    /// have yet, and names of a synchronous function. The store makes or reads their versions when
    /// it stores an entry that depends on them.
    pub(crate) unversioned: Vec<Arc<[u8]>>,
}

impl Lineage {
    /// Adds everything that `other` depends on. A name that both have with one version is kept
    /// once.
    pub(crate) fn merge(&mut self, other: &Self) {
        add_missing(&mut self.versions, &other.versions);
        add_missing(&mut self.guards, &other.guards);
        add_missing(&mut self.unversioned, &other.unversioned);
    }

    /// Adds a name whose version is not known, unless the lineage has the name. Returns `true` if
    /// the name was added.
    pub(crate) fn add_name(&mut self, name: &Arc<[u8]>) -> bool {
        let is_versioned = self.versions.iter().any(|it| it.name == *name);
        let is_new = !is_versioned && !self.unversioned.contains(name);
        if is_new {
            self.unversioned.push(Arc::clone(name));
        }
        is_new
    }

    /// Returns the bytes that the lineage has allocated.
    pub(crate) fn heap(&self) -> usize {
        let named = self.versions.iter().chain(&self.guards).map(|it| &it.name);
        let text: usize = named.chain(&self.unversioned).map(|name| name.len()).sum();
        text + self.len() * (size_of::<NamedVersion>() + 2 * size_of::<usize>())
    }

    /// Returns the number of names in the lineage.
    pub(crate) fn len(&self) -> usize {
        self.versions.len() + self.guards.len() + self.unversioned.len()
    }
}

fn add_missing<T: Clone + PartialEq>(list: &mut Vec<T>, others: &[T]) {
    for other in others {
        if !list.contains(other) {
            list.push(other.clone());
        }
    }
}
