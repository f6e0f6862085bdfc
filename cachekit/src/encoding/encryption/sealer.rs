//! The sealer: the ciphers of a ring of keys, and the hash of names.

use std::fmt;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::encoding::encryption::keys::{EncryptionKeys, KEY, Secret};
use crate::encoding::encryption::{ID, NONCE, Place, Seal};

/// The contexts from which the keys in use are derived, so that one secret never has two uses.
const CIPHER: &str = "cachekit 2026-11 cipher of values and messages";
const HASH: &str = "cachekit 2026-11 hash of names";
const NAME_NONCE: &str = "cachekit 2026-11 nonce of names";
const NAME_CIPHER: &str = "cachekit 2026-11 cipher of names";

/// The number of bytes of a hash of a name.
const NAME_HASH: usize = 16;

/// The ciphers of one cache. The first one encrypts, and all decrypt.
pub(crate) struct Sealer {
    namespace: Box<[u8]>,
    ring: Vec<([u8; ID], XChaCha20Poly1305)>,
    /// The keys of names. `None`: names are not hashed.
    names: Option<Names>,
}

struct Names {
    hash: Secret,
    nonce: Secret,
    cipher: XChaCha20Poly1305,
}

impl Sealer {
    /// Returns the sealer of a cache with this `namespace`. Names are hashed if `hashes_names` and
    /// `keys` has a key for them. Returns `None` if there is no key.
    pub(crate) fn new(keys: &EncryptionKeys, namespace: &str, hashes_names: bool) -> Option<Self> {
        if keys.ring.is_empty() {
            return None;
        }
        let ring = keys.ring.iter().map(|it| {
            let mut id = [0; ID];
            let length = it.id.len().min(ID);
            id[..length].copy_from_slice(&it.id.as_bytes()[..length]);
            (id, cipher(&derived(CIPHER, &it.key)))
        });
        let names = keys.names.as_ref().filter(|_| hashes_names);
        Some(Self {
            namespace: namespace.as_bytes().into(),
            ring: ring.collect(),
            names: names.map(|key| Names {
                hash: derived(HASH, key),
                nonce: derived(NAME_NONCE, key),
                cipher: cipher(&derived(NAME_CIPHER, key)),
            }),
        })
    }

    /// Returns the id of the key that encrypts.
    pub(crate) fn id(&self) -> [u8; ID] {
        self.ring.first().map_or([0; ID], |(id, _)| *id)
    }

    /// Encrypts `text` in place, with a new random nonce. Returns `None`, and `text` must not be
    /// used, if the system gives no random numbers.
    pub(crate) fn seal(&self, place: Place<'_>, text: &mut [u8]) -> Option<Seal> {
        let (id, cipher) = self.ring.first()?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let data = self.associated(id, place);
        encrypt(cipher, (*id, nonce), &data, text)
    }

    /// Decrypts `text` in place. Returns `None` if the ring lacks the key, or if any bit of `text`,
    /// `seal` or `place` is not that of the encryption. `text` must not be used then.
    pub(crate) fn open(&self, seal: &Seal, place: Place<'_>, text: &mut [u8]) -> Option<()> {
        let (id, cipher) = self.ring.iter().find(|(id, _)| *id == seal.id)?;
        decrypt(cipher, seal, &self.associated(id, place), text)
    }

    /// Returns `true` if names in the store are hashes.
    pub(crate) fn hashes_names(&self) -> bool {
        self.names.is_some()
    }

    /// Returns the hash of the name `text` of the kind `kind`, in hexadecimal digits. Returns `None`
    /// if names are not hashed.
    pub(crate) fn name_hash(&self, kind: &[u8], text: &[u8]) -> Option<String> {
        let names = self.names.as_ref()?;
        let mut hash = blake3::Hasher::new_keyed(&names.hash);
        for part in [&*self.namespace, kind, text] {
            hash.update(&length(part));
            hash.update(part);
        }
        let hash = hash.finalize();
        let mut digits = String::with_capacity(2 * NAME_HASH);
        for byte in &hash.as_bytes()[..NAME_HASH] {
            for half in [byte >> 4, byte & 15] {
                digits.extend(char::from_digit(u32::from(half), 16));
            }
        }
        Some(digits)
    }

    /// Encrypts the name `text` in place, equal names equally: the nonce is a hash of the name.
    /// Returns `None` if names are not hashed.
    pub(crate) fn seal_name(&self, place: Place<'_>, text: &mut [u8]) -> Option<Seal> {
        let names = self.names.as_ref()?;
        let id = [0; ID];
        let data = self.associated(&id, place);
        let mut hash = blake3::Hasher::new_keyed(&names.nonce);
        hash.update(&length(&data));
        hash.update(&data);
        hash.update(text);
        let mut nonce = [0; NONCE];
        hash.finalize_xof().fill(&mut nonce);
        encrypt(&names.cipher, (id, nonce), &data, text)
    }

    /// Decrypts in place a name that [`seal_name`](Self::seal_name) encrypted. Returns `None` if it
    /// was another key or place, or if any bit differs. `text` must not be used then.
    pub(crate) fn open_name(&self, seal: &Seal, place: Place<'_>, text: &mut [u8]) -> Option<()> {
        let names = self.names.as_ref()?;
        decrypt(&names.cipher, seal, &self.associated(&[0; ID], place), text)
    }

    /// Returns the associated data: the kind, the namespace, the id of the key and the parts, each
    /// with its length, so that different places never give equal data.
    fn associated(&self, id: &[u8; ID], place: Place<'_>) -> Vec<u8> {
        let fixed = [place.kind.as_bytes(), &*self.namespace, id];
        let parts = fixed.into_iter().chain(place.parts.iter().copied());
        let mut data = Vec::with_capacity(128);
        for part in parts {
            data.extend(length(part));
            data.extend_from_slice(part);
        }
        data
    }
}

impl fmt::Debug for Sealer {
    /// Formats no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("keys", &self.ring.len())
            .field("hashes_names", &self.hashes_names())
            .finish_non_exhaustive()
    }
}

fn encrypt(
    cipher: &XChaCha20Poly1305,
    (id, nonce): ([u8; ID], [u8; NONCE]),
    data: &[u8],
    text: &mut [u8],
) -> Option<Seal> {
    let tag = cipher.encrypt_inout_detached(&XNonce::from(nonce), data, text.into());
    let tag = tag.ok()?.into();
    Some(Seal { id, nonce, tag })
}

fn decrypt(cipher: &XChaCha20Poly1305, seal: &Seal, data: &[u8], text: &mut [u8]) -> Option<()> {
    let (nonce, tag) = (XNonce::from(seal.nonce), Tag::from(seal.tag));
    let opened = cipher.decrypt_inout_detached(&nonce, data, text.into(), &tag);
    opened.ok()
}

fn cipher(key: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

fn derived(context: &str, key: &Secret) -> Secret {
    let mut derived = Zeroizing::new([0; KEY]);
    *derived = blake3::derive_key(context, &**key);
    derived
}

fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_le_bytes()
}
