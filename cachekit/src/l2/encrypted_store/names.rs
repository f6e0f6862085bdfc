//! The names in a store whose names are hashes (`hash_keys`).
//!
//! A hash takes the place of the text of a name, after its kind. An entry, its replicas and its
//! version have one hash, so that the store still finds the version of an entry by the entry's name.

use std::borrow::Cow;

use crate::encoding::encryption::sealer::Sealer;
use crate::model::owner::REGION;
use crate::store::key_name::StoreKey;
use crate::store::port::{EntryQuery, MadeBy};

/// Returns the name that the store has in place of `name`: a hash if names are hashed.
pub(crate) fn name_in_store(sealer: &Sealer, name: &StoreKey) -> StoreKey {
    hashed(sealer, name).unwrap_or_else(|| name.clone())
}

/// Returns the names that the store has in place of `names`.
pub(crate) fn names_in_store<'a>(sealer: &Sealer, names: &'a [StoreKey]) -> Cow<'a, [StoreKey]> {
    if !sealer.hashes_names() {
        return Cow::Borrowed(names);
    }
    let names = names.iter().map(|name| name_in_store(sealer, name));
    Cow::Owned(names.collect())
}

/// Returns the name that scripts read in an encrypted entry in place of the name `tag`: a hash, or
/// nothing if names are not hashed.
pub(crate) fn for_scripts(sealer: &Sealer, tag: &[u8]) -> Vec<u8> {
    if !sealer.hashes_names() {
        return vec![];
    }
    let name = name_in_store(sealer, &StoreKey::read(tag));
    name.as_bytes().to_vec()
}

fn hashed(sealer: &Sealer, name: &StoreKey) -> Option<StoreKey> {
    if !sealer.hashes_names() || name.as_bytes() == StoreKey::everything().as_bytes() {
        return None;
    }
    // A name of another form is hashed as a whole.
    let (kind, text) = name.parts().unwrap_or(("x", name.as_bytes()));
    let of_entry = name.is_entry() || name.is_key_version();
    let hash = sealer.name_hash(if of_entry { b"k" } else { kind.as_bytes() }, text)?;
    // The store keeps the version of a region for a time, and that of a function for ever.
    let is_region = kind == "f" && text.starts_with(REGION.as_bytes());
    let region = if is_region { REGION } else { "" };
    Some(StoreKey::read(format!("{kind}:{region}{hash}").as_bytes()))
}

/// The names of a query as the store has them.
pub(crate) struct QueryNames<'a> {
    entry: StoreKey,
    versions: Cow<'a, [StoreKey]>,
    beside: Cow<'a, [StoreKey]>,
    with_value_tags: bool,
    is_encrypted: bool,
}

impl<'a> QueryNames<'a> {
    pub(crate) fn of(sealer: &Sealer, query: EntryQuery<'a>) -> Self {
        // Without hashes, an encrypted entry shows no names to scripts. With hashes, an entry in clear
        // shows them names that the store does not have. The reader of such an entry asks for the
        // versions of its value tags in a second round trip.
        let are_visible = query.is_encrypted == sealer.hashes_names();
        Self {
            entry: name_in_store(sealer, query.entry),
            versions: names_in_store(sealer, query.versions),
            beside: names_in_store(sealer, query.beside),
            with_value_tags: query.with_value_tags && are_visible,
            is_encrypted: query.is_encrypted,
        }
    }

    pub(crate) fn query(&self) -> EntryQuery<'_> {
        EntryQuery {
            entry: &self.entry,
            versions: &self.versions,
            with_value_tags: self.with_value_tags,
            beside: &self.beside,
            is_encrypted: self.is_encrypted,
        }
    }
}

/// The names of an entry and of its versions as the store has them, to compare their origins.
pub(crate) struct MadeNames<'a> {
    entry: StoreKey,
    versions: [Cow<'a, [StoreKey]>; 2],
}

impl<'a> MadeNames<'a> {
    pub(crate) fn of(sealer: &Sealer, made: MadeBy<'a>) -> Self {
        Self {
            entry: name_in_store(sealer, made.entry),
            versions: made.names.map(|names| names_in_store(sealer, names)),
        }
    }

    /// Returns `made` with these names.
    pub(crate) fn made<'b>(&'b self, made: MadeBy<'b>) -> MadeBy<'b> {
        let [known, others] = &self.versions;
        MadeBy {
            entry: &self.entry,
            names: [known, others],
            ..made
        }
    }
}

#[cfg(all(test, feature = "encryption"))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::fault::Faults;
    use crate::encoding::encryption::tests::{KEYS, sealer};
    use crate::encoding::envelope::Version;
    use crate::l2::encrypted_store::EncryptedStore;
    use crate::store::fake::controls::FakeStore;
    use crate::store::message::NodeId;

    fn name(text: &str) -> StoreKey {
        StoreKey::read(text.as_bytes())
    }

    #[test]
    fn a_hash_keeps_the_kind_and_the_properties() {
        let sealer = sealer(KEYS, true);
        let long = "a".repeat(600);
        let names = [
            "k:user:1",
            "c3:user:1",
            "v:user:1",
            "t:org:7",
            "e:sold",
            "f:shop::get",
            "g:org:",
            "warm:shop::get",
            "f:region days",
            "g:",
            &format!("k:{long}"),
        ];
        for text in names {
            let (plain, hashed) = (name(text), name_in_store(&sealer, &name(text)));
            let shown = String::from_utf8_lossy(hashed.as_bytes()).into_owned();
            assert_eq!(plain.parts().map(|it| it.0), hashed.parts().map(|it| it.0));
            assert_eq!(plain.is_entry(), hashed.is_entry(), "{text}");
            assert_eq!(plain.is_key_version(), hashed.is_key_version(), "{text}");
            assert_eq!(plain.is_tag(), hashed.is_tag(), "{text}");
            assert_eq!(plain.never_expires(), hashed.never_expires(), "{text}");
            assert!(!hashed.is_long() && shown.len() < 48, "{shown}");
            for part in ["user", "org", "sold", "shop", "days", "aaa"] {
                assert!(!shown.contains(part), "{shown}");
            }
            let version = plain
                .replicas_version()
                .map(|it| name_in_store(&sealer, &it));
            assert_eq!(hashed.replicas_version(), version, "{text}");
        }
        assert_eq!(name_in_store(&sealer, &name("all")), name("all"));
    }

    #[test]
    fn names_of_different_kinds_and_texts_differ() {
        let sealer = sealer(KEYS, true);
        let hash = |text: &str| {
            let hashed = name_in_store(&sealer, &name(text));
            String::from_utf8_lossy(hashed.parts().expect("it has a kind").1).into_owned()
        };
        assert_eq!(hash("k:a"), hash("v:a"));
        assert_eq!(hash("k:a"), hash("c1:a"));
        let different = ["k:a", "k:b", "t:a", "e:a", "f:a", "g:a", "warm:a", "k:"].map(hash);
        for (at, one) in different.iter().enumerate() {
            assert!(!different[..at].contains(one), "{at}");
        }
    }

    #[test]
    fn origins_are_compared_under_the_names_of_the_store() {
        let sealer = sealer(KEYS, true);
        let (entry, known, others) = (name("k:a"), [name("all"), name("f:a")], [name("t:a")]);
        let versions = [Version([1; Version::LEN]); 3];
        let made = MadeBy {
            entry: &entry,
            origin: [2; 8],
            names: [&known, &others],
            versions: &versions,
        };
        let names = MadeNames::of(&sealer, made);
        let hashed = names.made(made).origins().map(|(name, _)| name.clone());
        let plain = made.origins().map(|(name, _)| name_in_store(&sealer, name));
        assert!(hashed.eq(plain));
        let origins = names.made(made).origins().map(|(_, origin)| origin);
        assert!(origins.eq([[2; 8], [1; 8], [1; 8], [1; 8]]));
    }

    #[test]
    fn names_that_decide_nothing_are_not_hashed() {
        let store = EncryptedStore {
            inner: FakeStore::new().open(NodeId::random(), Arc::new(|_| {})),
            sealer: Arc::new(sealer(KEYS, true)),
            faults: Faults::default(),
        };
        let made = MadeBy {
            entry: &name("k:a"),
            origin: [1; 8],
            names: [&[], &[]],
            versions: &[],
        };
        assert!(store.made_names(made).is_none(), "all are in one data set");
    }

    #[test]
    fn without_hashes_every_name_stays() {
        let sealer = sealer(KEYS, false);
        assert_eq!(name_in_store(&sealer, &name("k:a")), name("k:a"));
        assert!(for_scripts(&sealer, b"t:a").is_empty());
    }
}
