//! The keys of a cache's encryption.

use std::fmt;

use zeroize::Zeroizing;

use crate::encoding::encryption::ID;

/// The number of bytes of a key.
pub(crate) const KEY: usize = 32;

/// The id under which a text has the key of the names in Redis.
pub(crate) const NAMES: &str = "names";

/// The largest number of keys in a ring, beside the key of names.
pub(crate) const MOST_KEYS: usize = 64;

/// A secret of 32 bytes, which is overwritten when it is dropped.
pub(crate) type Secret = Zeroizing<[u8; KEY]>;

/// A text with keys, which is overwritten when it is dropped.
pub(crate) type SecretText = Zeroizing<String>;

/// Returns `text`, which is overwritten when it is dropped.
pub(crate) fn secret_text(text: String) -> SecretText {
    Zeroizing::new(text)
}

/// Keys that encrypt what a cache writes into Redis: a ring of keys of 32 random bytes, each with
/// an id.
///
/// The first key of the ring encrypts, and every key of the ring decrypts. To change the key, put
/// the new key behind the current one in every process, then in front of it, and remove the old one
/// when no entry is left that it encrypted (`docs/encryption.md`).
///
/// A text has the keys as `id:key`, separated by commas or line breaks. An id has 1 to 16 letters,
/// digits, `.`, `-` and `_`, and a key is written in base64 or in hexadecimal digits. `openssl rand
/// -base64 32` prints a key. Lines that begin with `#` are comments. The key with the id `names`
/// encrypts nothing, and is that of [`hash_keys`](crate::CacheBuilder::hash_keys).
///
/// The keys are never printed, and are overwritten in memory when they are dropped.
///
/// # Examples
///
/// ```
/// use cachekit::EncryptionKeys;
///
/// let (new, old) = ([7; 32], [5; 32]);
/// let keys = EncryptionKeys::new("2026-11", new).and_old("2026-05", old);
/// assert_eq!(format!("{keys:?}"), r#"EncryptionKeys { ids: ["2026-11", "2026-05"], names: false }"#);
///
/// let text = format!("2026-11:{}, 2026-05:{}", "07".repeat(32), "05".repeat(32));
/// assert_eq!(text.parse(), Ok(keys));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKeys {
    pub(crate) ring: Vec<RingKey>,
    /// The key of the names in Redis. `None`: names are not hashed.
    pub(crate) names: Option<Secret>,
}

/// A key of a ring, with its id.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RingKey {
    pub(crate) id: String,
    pub(crate) key: Secret,
}

impl EncryptionKeys {
    /// Makes a ring with one key, which encrypts and decrypts.
    pub fn new(id: impl Into<String>, key: [u8; 32]) -> Self {
        Self {
            ring: vec![RingKey {
                id: id.into(),
                key: Zeroizing::new(key),
            }],
            names: None,
        }
    }

    /// Adds a key that only decrypts.
    pub fn and_old(mut self, id: impl Into<String>, key: [u8; 32]) -> Self {
        self.ring.push(RingKey {
            id: id.into(),
            key: Zeroizing::new(key),
        });
        self
    }

    /// Sets the key of the names in Redis, for [`hash_keys`](crate::CacheBuilder::hash_keys). Another
    /// key gives every entry another name, so this key is not changed with the others.
    pub fn names(mut self, key: [u8; 32]) -> Self {
        self.names = Some(Zeroizing::new(key));
        self
    }

    /// Returns `true` if there is a key of names.
    pub(crate) fn has_names(&self) -> bool {
        self.names.is_some()
    }

    /// Returns the problem and the remedy if the ring cannot be used. Neither contains a key.
    pub(crate) fn problem(&self) -> Option<(String, &'static str)> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_id = |id: &str| !id.is_empty() && id.len() <= ID && id.chars().all(is_plain);
        if let Some(wrong) = self.ring.iter().position(|it| !is_id(&it.id)) {
            // The text may be a key in the wrong place.
            let problem = format!("the id of key {} has another form", wrong + 1);
            return Some((
                problem,
                "give an id of 1 to 16 letters, digits, `.`, `-` and `_`",
            ));
        }
        if self.ring.iter().any(|it| it.id == NAMES) {
            let remedy = "give that key another id: `names` is the key of `hash_keys`";
            return Some(("a key has the id `names`".to_owned(), remedy));
        }
        for (at, key) in self.ring.iter().enumerate() {
            if self.ring[..at].iter().any(|it| it.id == key.id) {
                let problem = format!("two keys have the id `{}`", key.id);
                return Some((problem, "give each key an id of its own"));
            }
        }
        if self.ring.len() > MOST_KEYS {
            let problem = format!("there are {} keys", self.ring.len());
            return Some((
                problem,
                "give at most 64, and remove keys that nothing uses",
            ));
        }
        let mut keys = self.ring.iter().map(|it| &it.key).chain(&self.names);
        if keys.any(|key| **key == [0; KEY]) {
            let remedy = "give 32 random bytes, as `openssl rand -base64 32` prints them";
            return Some(("a key consists of zeros".to_owned(), remedy));
        }
        None
    }
}

impl fmt::Debug for EncryptionKeys {
    /// Formats the ids, and no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.ring.iter().map(|it| &*it.id).collect();
        f.debug_struct("EncryptionKeys")
            .field("ids", &ids)
            .field("names", &self.names.is_some())
            .finish()
    }
}
