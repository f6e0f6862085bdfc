//! The encryption that a builder sets up.

#[cfg(feature = "encryption")]
use std::path::PathBuf;
use std::sync::Arc;

use crate::api::builder::CacheBuilder;
use crate::api::registry;
use crate::base::error::BuildError;
#[cfg(feature = "encryption")]
use crate::encoding::encryption::keys::EncryptionKeys;
use crate::encoding::encryption::keys::secret_text;
use crate::encoding::encryption::{is_available, sealer::Sealer};
use crate::model::config::Tier;
#[cfg(feature = "encryption")]
use crate::model::config::key_source::KeySource;

#[cfg(feature = "encryption")]
impl CacheBuilder {
    /// Encrypts what the cache writes into Redis, on the bus and into the outbox's file, with the first
    /// of `keys`. Entries of functions with `encrypt = false` are not encrypted. Default: nothing is
    /// encrypted.
    ///
    /// An entry that none of `keys` opens is a miss, and so is one that somebody changed, moved to
    /// another key, or stored without encryption for a function whose entries are encrypted
    /// ([`RedisMisses::encryption`](crate::RedisMisses::encryption)). Encrypted values are not compressed, because the length of a
    /// compressed value tells something about its content: see
    /// [`compress_encrypted`](Self::compress_encrypted). The page `docs/encryption.md` says what
    /// stays visible, and how keys are changed.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::{Cache, EncryptionKeys};
    ///
    /// let keys: EncryptionKeys = std::fs::read_to_string("/run/secrets/keys")?.parse()?;
    /// let cache = Cache::builder().redis("redis://localhost").encryption(keys).build().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encryption(mut self, keys: EncryptionKeys) -> Self {
        self.config.encryption = Some(KeySource::Keys(keys));
        self
    }

    /// Sets a file with the keys for [`encryption`](Self::encryption), such as a secret that an
    /// orchestrator mounts. The file is read when the cache is built. It has the text form of
    /// [`EncryptionKeys`].
    pub fn encryption_keys_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.encryption = Some(KeySource::File(path.into()));
        self
    }

    /// Replaces the names of entries, tags, events and functions in Redis by hashes, so that neither
    /// a dump of Redis nor the bus shows keys. The hashes are made with the key `names` of
    /// [`encryption`](Self::encryption). Default: `false`.
    ///
    /// Another program can then neither read nor remove an entry by its name. Each look-up in Redis
    /// takes about a microsecond more. Turning this on gives every entry another name, so all
    /// entries in Redis are misses once.
    pub fn hash_keys(mut self, hashes: bool) -> Self {
        self.config.hash_keys = hashes;
        self
    }

    /// Allows compression of values that are encrypted. Default: `false`: only values that are not
    /// encrypted are compressed.
    ///
    /// The length of an encrypted value is visible, and compressed it depends on the content: who
    /// can put a text of their own into a value, and see its length in Redis, can find out what else
    /// the value contains. Allow it where no value mixes secrets with input of strangers.
    pub fn compress_encrypted(mut self, allowed: bool) -> Self {
        self.config.compress_encrypted = allowed;
        self
    }
}

impl CacheBuilder {
    /// Returns the sealer of the cache. Returns `None` if the cache has no keys.
    ///
    /// # Errors
    ///
    /// Returns an error if the keys cannot be used, if a setting needs keys that are missing, or if a
    /// function has `encrypt = true` and the cache has no keys.
    pub(crate) fn sealer(&self) -> Result<Option<Arc<Sealer>>, BuildError> {
        let config = &self.config;
        let Some(source) = &config.encryption else {
            return self.without_keys().map(|()| None);
        };
        let wrong =
            |problem: String, remedy: &str| BuildError::setting(source.setting(), problem, remedy);
        if !is_available() {
            let remedy = "enable the feature `encryption` of cachekit, or remove the setting";
            return Err(wrong("this build cannot encrypt".to_owned(), remedy));
        }
        let text = match source
            .file()
            .map(|path| (path, std::fs::read_to_string(path)))
        {
            None => secret_text(String::new()),
            Some((_, Ok(text))) => secret_text(text),
            Some((path, Err(error))) => {
                let problem = format!("cannot read `{}`: {error}", path.display());
                return Err(wrong(problem, "check the path and its permissions"));
            }
        };
        let remedy = "write keys such as `2026-11:` and 32 random bytes in base64";
        let keys = source
            .keys(&text)
            .map_err(|problem| wrong(problem, remedy))?;
        if let Some((problem, remedy)) = keys.problem() {
            return Err(wrong(problem, remedy));
        }
        if config.hash_keys && !keys.has_names() {
            return Err(BuildError::setting(
                "hash_keys (CACHE_HASH_KEYS)",
                "the encryption keys have no key of names",
                "add a key with the id `names` to the encryption keys",
            ));
        }
        let sealer = Sealer::new(&keys, &config.namespace, config.hash_keys);
        Ok(sealer.map(Arc::new))
    }

    /// Returns an error if a setting or a function needs encryption keys, which the cache lacks.
    fn without_keys(&self) -> Result<(), BuildError> {
        let remedy = "give keys with `encryption` (CACHE_ENCRYPTION_KEYS), or remove the setting";
        for (name, is_set) in [
            ("hash_keys (CACHE_HASH_KEYS)", self.config.hash_keys),
            (
                "compress_encrypted (CACHE_COMPRESS_ENCRYPTED)",
                self.config.compress_encrypted,
            ),
        ] {
            if is_set {
                return Err(BuildError::setting(
                    name,
                    "the cache has no encryption keys",
                    remedy,
                ));
            }
        }
        // Without a shared tier nothing leaves the process.
        if !self.is_shared() {
            return Ok(());
        }
        let encrypted = registry::functions().find(|spec| {
            let options = self.configuration.options_of(spec);
            options.encrypt == Some(true) && options.tier != Tier::Memory
        });
        match encrypted {
            Some(spec) => Err(BuildError::setting(
                "encryption (CACHE_ENCRYPTION_KEYS)",
                format!(
                    "`{}` has `encrypt = true`, and the cache has no keys",
                    spec.name()
                ),
                "give keys with `encryption`, or remove `encrypt` from the function",
            )),
            None => Ok(()),
        }
    }
}
