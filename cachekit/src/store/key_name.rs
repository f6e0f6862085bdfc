//! Names of entries and versions in a store. The names are documented for other programs, which may
//! remove an entry by its name.
//!
//! After the namespace and a colon, a name begins with its kind. `k:user:42` is an entry. `t:org:7`
//! is the version of a tag, `e:product.updated` is the version of an event, `f:shop::get_user` is
//! the version of a function, and `all` is the version of the namespace. `g:org:` is a guard: the
//! version of all tags with the prefix `org:`. An invalidation of any of these tags removes the
//! guard. If the entry `k:user:42` has replicas, `c1:user:42` is another replica, and `v:user:42`
//! is the version that all replicas depend on.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use xxhash_rust::xxh3::xxh3_128;

use crate::key::{ENTRY, Key, joined};
use crate::model::owner::{FUNCTION, REGION};
use crate::model::tags::Tag;

const COPIES: &[u8] = b"v:";

/// The length in bytes of a shortened entry name in the store. A name of at least this length is
/// shortened, so no full name can equal a shortened name.
const SHORTENED: usize = 512;

/// The number of hexadecimal digits of the 128-bit hash at the end of a shortened entry name.
pub(crate) const DIGITS: usize = 32;

/// The name in a store of an entry, a version, or a guard (the version of all tags with one
/// prefix), without the namespace and never shortened.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StoreKey(Arc<[u8]>);

impl StoreKey {
    /// Returns the name in the store of the entry under `key`. The first replica of an entry has
    /// this name too.
    pub(crate) fn entry(key: &Key) -> Self {
        Self(Arc::clone(key.entry()))
    }

    /// Returns the name in the store of the replica `index` of the entry under `key`. The replica
    /// with the index 0 has the name of the entry itself.
    pub(crate) fn copy(key: &Key, index: u8) -> Self {
        match index {
            0 => Self::entry(key),
            _ => Self::of(format!("c{index}:").as_bytes(), key.as_bytes()),
        }
    }

    /// Returns the name of the version that all replicas of the entry under `key` depend on.
    pub(crate) fn copies(key: &Key) -> Self {
        Self::of(COPIES, key.as_bytes())
    }

    /// Returns the name of the version that all replicas of an entry depend on, if this name is the
    /// name of that entry. Returns `None` if this name belongs to a replica with an index above 0,
    /// or to no entry.
    pub(crate) fn replicas_version(&self) -> Option<Self> {
        let key = self.0.strip_prefix(ENTRY)?;
        Some(Self::of(COPIES, key))
    }

    /// Returns the name of the version of a tag or of an event.
    pub(crate) fn tag(tag: &Tag) -> Self {
        Self::of_shared(tag.shared())
    }

    /// Returns the name of the version that all entries of the function `name` depend on.
    pub(crate) fn function(name: &str) -> Self {
        Self::of(FUNCTION, name.as_bytes())
    }

    /// Returns the name of the list of hottest keys of the function `name`, which is no version.
    pub(crate) fn warm_keys(name: &str) -> Self {
        Self::of(b"warm:", name.as_bytes())
    }

    /// Returns the name of the version that all entries of the namespace depend on.
    pub(crate) fn everything() -> Self {
        static NAME: LazyLock<StoreKey> = LazyLock::new(|| StoreKey::of(b"all", b""));
        NAME.clone()
    }

    /// Returns the name in the store of the guard of `tag_prefix`: a version that every
    /// invalidation of a tag with this prefix removes. An empty prefix stands for all tags.
    pub(crate) fn guard(tag_prefix: &[u8]) -> Self {
        Self::of(b"g:", tag_prefix)
    }

    /// Makes a `StoreKey` from the bytes of a name in a bus message or in a stored entry.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Returns the name whose bytes are `bytes`.
    pub(crate) fn of_shared(bytes: &Arc<[u8]>) -> Self {
        Self(Arc::clone(bytes))
    }

    /// Returns the bytes of the name, shared with this name.
    pub(crate) fn shared(&self) -> &Arc<[u8]> {
        &self.0
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the name as the store has it after the namespace: shortened if
    /// [`is_long`](Self::is_long) is `true`, and unchanged otherwise.
    ///
    /// A shortened name has 512 bytes: the beginning of the full name, at least one `#` as padding,
    /// and the hash of the full name. Messages between nodes contain the full name.
    pub(crate) fn in_store(&self) -> Cow<'_, [u8]> {
        if !self.is_long() {
            return Cow::Borrowed(&self.0);
        }
        let most = SHORTENED - DIGITS - 1;
        // The cut must not be inside a character.
        let is_start = |&at: &usize| self.0[at] & 0xC0 != 0x80;
        let end = (most - 3..=most).rev().find(is_start).unwrap_or(most);
        let mut short = Vec::with_capacity(SHORTENED);
        short.extend_from_slice(&self.0[..end]);
        short.resize(SHORTENED - DIGITS, b'#');
        let hash = xxh3_128(&self.0);
        short.extend_from_slice(format!("{hash:032x}").as_bytes());
        Cow::Owned(short)
    }

    /// Returns `true` if the name is shortened in a store. Only names of entries, replicas and
    /// replicas' versions are ever shortened. The name of a tag is never shortened, because an
    /// entry contains the names of its tags and the store's scripts read the names from the entry.
    pub(crate) fn is_long(&self) -> bool {
        self.0.len() >= SHORTENED && (self.is_entry() || self.0.starts_with(COPIES))
    }

    /// Returns `true` if this name is shortened in the store, and the entry under `key` has an
    /// equal shortened name.
    pub(crate) fn may_meet(&self, key: &[u8]) -> bool {
        let kind = self.parts().map_or("", |(kind, _)| kind);
        let other = Self::of(format!("{kind}:").as_bytes(), key);
        self.is_long() && other.in_store() == self.in_store()
    }

    /// Returns `true` if this is the name of an entry or of a replica.
    pub(crate) fn is_entry(&self) -> bool {
        let is_copy = |(kind, _): (&str, _)| {
            let index = kind.strip_prefix('c').map(str::parse::<u8>);
            matches!(index, Some(Ok(_)))
        };
        self.0.starts_with(ENTRY) || self.parts().is_some_and(is_copy)
    }

    /// Returns `true` if this is the name of the version of an entry's key, on which its replicas
    /// and the entries that were computed from it depend.
    pub(crate) fn is_key_version(&self) -> bool {
        self.0.starts_with(COPIES)
    }

    /// Returns `true` if this is the name of the version of a tag or of an event.
    pub(crate) fn is_tag(&self) -> bool {
        self.0.starts_with(b"t:") || self.0.starts_with(b"e:")
    }

    /// Returns the prefix of the tags that this guard covers. Returns `None` if this is no guard.
    #[cfg(feature = "redis")]
    pub(crate) fn guarded_prefix(&self) -> Option<&[u8]> {
        self.0.strip_prefix(b"g:")
    }

    /// Returns `true` if this is the name of the version of the namespace or of a cached function.
    /// The store keeps these versions without an expiry, because the program's code limits the
    /// number of functions. The version of a region expires, because a program can make any number
    /// of regions, for example one for each tenant or day.
    pub(crate) fn never_expires(&self) -> bool {
        let function = self.0.strip_prefix(b"f:");
        &*self.0 == b"all" || function.is_some_and(|name| !name.starts_with(REGION.as_bytes()))
    }

    /// Returns the kind of this name, such as `k` for an entry or `t` for a tag, and the bytes
    /// after the first colon of the name. Returns `None` if the kind is not UTF-8.
    pub(crate) fn parts(&self) -> Option<(&str, &[u8])> {
        let end = self.0.iter().position(|byte| *byte == b':');
        let kind = str::from_utf8(&self.0[..end.unwrap_or(self.0.len())]).ok()?;
        Some((kind, end.map_or(&[], |end| &self.0[end + 1..])))
    }

    fn of(kind: &[u8], text: &[u8]) -> Self {
        Self(joined(kind, text))
    }
}

/// Returns the prefix of a tag: the tag's text up to the first colon, inclusive. Returns an empty
/// prefix for a tag without a colon.
pub(crate) fn tag_prefix(tag: &StoreKey) -> &[u8] {
    let text = tag.0.get(2..).unwrap_or_default();
    let end = text.iter().position(|byte| *byte == b':');
    end.map_or(&[], |end| &text[..=end])
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable() {
        let shown = |name: StoreKey| String::from_utf8(name.as_bytes().to_vec()).unwrap();
        assert_eq!(shown(StoreKey::entry(&Key::new(b"user:42"))), "k:user:42");
        assert_eq!(shown(StoreKey::tag(&Tag::of("org:7"))), "t:org:7");
        assert_eq!(shown(StoreKey::tag(&Tag::event("sold"))), "e:sold");
        assert_eq!(shown(StoreKey::everything()), "all");
        let copies = [0, 1, 15].map(|index| shown(StoreKey::copy(&Key::new(b"a:1"), index)));
        assert_eq!(copies, ["k:a:1", "c1:a:1", "c15:a:1"]);
        assert_eq!(shown(StoreKey::copies(&Key::new(b"a:1"))), "v:a:1");
    }

    #[test]
    fn names_in_a_store_are_bounded() {
        let in_store = |text: &str| {
            let name = StoreKey::read(text.as_bytes());
            String::from_utf8(name.in_store().into_owned()).unwrap()
        };
        for kind in ["k:", "c1:", "v:"] {
            let fits = format!("{kind}{}", "a".repeat(511 - kind.len()));
            assert_eq!(in_store(&fits), fits);
            for length in [512, 513, 3_000_000] {
                let long = format!("{kind}{}", "a".repeat(length - kind.len()));
                let short = in_store(&long);
                assert_eq!(short.len(), 512, "{short}");
                assert_eq!(short[..479], long[..479]);
                let hash = xxh3_128(long.as_bytes());
                assert_eq!(short[479..], format!("#{hash:032x}"));
            }
        }
        // The cut is never inside a character.
        for shift in 0..4 {
            let long = format!("k:{}{}", "a".repeat(shift), "\u{1f980}".repeat(200));
            let short = in_store(&long);
            assert_eq!(short.len(), 512);
            let (start, _) = short.split_once('#').expect("the sign");
            assert!(long.starts_with(start) && start.len() > 475, "{short}");
        }
        for other in ["t:", "e:", "f:", "g:"] {
            let long = format!("{other}{}", "a".repeat(1000));
            assert_eq!(in_store(&long), long);
        }
    }

    #[test]
    fn long_names_meet_where_their_short_ones_do() {
        let name = |end: &str| format!("{}{end}", "a".repeat(600));
        let [one, other] = ["1", "2"].map(name);
        let entry = StoreKey::copy(&Key::new(one.as_bytes()), 1);
        assert!(entry.may_meet(one.as_bytes()));
        assert!(!entry.may_meet(other.as_bytes()));
        let short = StoreKey::entry(&Key::new(b"a"));
        assert!(!short.may_meet(b"a"));
    }

    #[test]
    fn an_entry_and_its_copies_are_told_from_versions() {
        let named = |text: &str| StoreKey::read(text.as_bytes());
        for entry in ["k:a", "c1:a", "c15:a:b", "k:"] {
            assert!(named(entry).is_entry(), "{entry}");
        }
        for other in [
            "v:a", "t:c1:a", "c:a", "cx:a", "all", "g:", "e:k:a", "f:k:a",
        ] {
            assert!(!named(other).is_entry(), "{other}");
        }
        assert_eq!(named("k:a:b").replicas_version(), Some(named("v:a:b")));
        let none = ["c1:a", "v:a", "t:a", "all"].map(|it| named(it).replicas_version());
        assert_eq!(none, [const { None }; 4]);
    }

    #[test]
    fn what_has_no_end_is_of_the_code() {
        for endless in ["all", "f:shop::get_user", "f:(direct)", "f:regional"] {
            assert!(
                StoreKey::read(endless.as_bytes()).never_expires(),
                "{endless}"
            );
        }
        for other in ["f:region days", "t:all", "g:", "e:f:x", "v:a", "allx"] {
            assert!(!StoreKey::read(other.as_bytes()).never_expires(), "{other}");
        }
    }

    #[test]
    fn a_family_ends_with_the_first_colon() {
        assert_eq!(tag_prefix(&StoreKey::tag(&Tag::of("org:7:x"))), b"org:");
        assert_eq!(tag_prefix(&StoreKey::tag(&Tag::of("users"))), b"");
    }
}
