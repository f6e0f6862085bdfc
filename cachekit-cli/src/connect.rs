//! The cache by which the command speaks to Redis.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, EncryptionKeys, Severity};

use crate::args::Server;
use crate::output::Error;

/// The longest wait for an answer of Redis. Operators may be far away from it.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Returns the builder of a cache for `server`, with the settings that a service has by default.
pub(crate) fn builder(server: &Server) -> Result<CacheBuilder, Error> {
    let Some(url) = &server.redis else {
        return Err(Error::unusable(
            "no Redis is given",
            "give `--redis redis://host:6379`, or set `REDIS_URL`",
        ));
    };
    let builder = Cache::builder().redis(url).namespace(&server.namespace);
    let builder = match (&server.redis_password, &server.redis_password_file) {
        (None, None) => builder,
        (Some(password), None) => builder.redis_password(password),
        (None, Some(path)) => builder.redis_password_file(path),
        (Some(_), Some(_)) => {
            return Err(Error::unusable(
                "both `REDIS_PASSWORD` and `REDIS_PASSWORD_FILE` are set",
                "unset one of them",
            ));
        }
    };
    encrypted(server.access.set(builder)?, server)
}

/// Returns a cache that is connected to `server`.
pub(crate) async fn connect(server: &Server) -> Result<Cache, Error> {
    // Without marks: the command must not finish the writes of services. Without answers: the command
    // is not one of the processes that it asks. The doctor has both, because it checks for services.
    let quiet = builder(server)?.intents(false).answers(false);
    let built = quiet.redis_timeout(TIMEOUT).build().await;
    let cache = built.map_err(|error| Error::unusable(error, ""))?;
    if cache.stats().redis.is_up {
        return Ok(cache);
    }
    cache.shutdown().await;
    // The doctor describes the reason in words.
    let diagnosis = builder(server)?.doctor().await;
    let mut findings = diagnosis.findings.into_iter();
    let error = findings.find(|finding| finding.severity == Severity::Error);
    Err(match error {
        Some(finding) => Error::unusable(finding.problem, finding.remedy),
        None => Error::unusable("Redis did not answer in time", "try again"),
    })
}

/// Sets the keys with which the services encrypt.
fn encrypted(builder: CacheBuilder, server: &Server) -> Result<CacheBuilder, Error> {
    let builder = builder.hash_keys(server.hash_keys);
    let builder = match &server.encryption_keys_file {
        Some(path) => builder.encryption_keys_file(path),
        None => builder,
    };
    let Some(text) = server.encryption_keys.as_deref() else {
        return Ok(builder);
    };
    if server.encryption_keys_file.is_some() {
        return Err(Error::unusable(
            "both `CACHE_ENCRYPTION_KEYS` and `CACHE_ENCRYPTION_KEYS_FILE` \
             (`--encryption-keys-file`) are set",
            "unset one of them",
        ));
    }
    match text.parse::<EncryptionKeys>() {
        Ok(keys) => Ok(builder.encryption(keys)),
        Err(problem) => Err(Error::unusable(
            format!("the encryption keys cannot be used: {problem}"),
            "set `CACHE_ENCRYPTION_KEYS` as the services have it",
        )),
    }
}
