//! What an entry and all that it hangs on are called in the store.

use crate::key::Key;
use crate::labels::Labels;
use crate::owner::Owner;
use crate::remote::Place;
use crate::remote::name::{Name, family};

/// The names of one entry, as far as they are known before its value.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) entry: Name,
    /// The namespace's, the function's, and those of the tags.
    pub(super) versions: Vec<Name>,
}

impl Names {
    pub(super) fn new(key: &Key, owner: &Owner, labels: &Labels) -> Self {
        let implicit = [Name::everything(), Name::function(&owner.name)];
        let tags = labels.tags.iter().map(Name::tag);
        Self {
            entry: Name::entry(key),
            versions: implicit.into_iter().chain(tags).collect(),
        }
    }

    pub(super) fn place(&self, owner: &Owner) -> Place<'_> {
        Place {
            entry: &self.entry,
            versions: &self.versions,
            late: owner.families.is_known(),
        }
    }
}

/// The guards that must not move while an owner's late tags are unknown: those of the
/// families that its tags were of so far; of all tags, before it had a value.
pub(super) fn guards(owner: &Owner) -> Vec<Name> {
    owner
        .families
        .names()
        .iter()
        .map(|it| Name::guard(it))
        .collect()
}

/// Whether `guards` cover `tag`.
pub(super) fn is_guarded(guards: &[Name], tag: &Name) -> bool {
    let covers = |family: &[u8]| guards.contains(&Name::guard(family));
    covers(b"") || covers(family(tag))
}

/// What is removed with a tag: its version, and the guards that cover it.
pub(super) fn with_guards(tag: &Name) -> Vec<Name> {
    let mut names = vec![tag.clone(), Name::guard(b"")];
    if !family(tag).is_empty() {
        names.push(Name::guard(family(tag)));
    }
    names
}
