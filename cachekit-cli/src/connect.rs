//! The cache by which the command speaks to Redis.

use cachekit::{Cache, CacheBuilder, EncryptionKeys, Severity};

use crate::args::Server;
use crate::output::Error;

/// Returns the builder of a cache for `server`.
pub(crate) fn builder(server: &Server) -> Result<CacheBuilder, Error> {
    let Some(url) = server.redis.as_deref().filter(|url| !url.is_empty()) else {
        return Err(Error::unusable(
            "no Redis is given",
            "give `--redis redis://host:6379`, or set `REDIS_URL`",
        ));
    };
    // The cache handles no marks, because the command must not finish the writes of services. The
    // cache answers no questions, because the command is not one of the processes that it asks.
    let builder = Cache::builder()
        .redis(url)
        .namespace(&server.namespace)
        .intents(false)
        .answers(false);
    let builder = match &server.redis_password {
        Some(password) => builder.redis_password(password),
        None => builder,
    };
    let builder = builder.hash_keys(server.hash_keys);
    let builder = match &server.encryption_keys_file {
        Some(path) => builder.encryption_keys_file(path),
        None => builder,
    };
    let Some(text) = server.encryption_keys.as_deref() else {
        return Ok(builder);
    };
    match text.parse::<EncryptionKeys>() {
        Ok(keys) => Ok(builder.encryption(keys)),
        Err(problem) => Err(Error::unusable(
            format!("the encryption keys cannot be used: {problem}"),
            "set `CACHE_ENCRYPTION_KEYS` as the services have it",
        )),
    }
}

/// Returns a cache that is connected to `server`.
pub(crate) async fn connect(server: &Server) -> Result<Cache, Error> {
    let built = builder(server)?.build().await;
    let cache = built.map_err(|error| Error::unusable(error, ""))?;
    if cache.stats().redis.is_up {
        return Ok(cache);
    }
    // The doctor describes the reason in words.
    let diagnosis = builder(server)?.doctor().await;
    let mut findings = diagnosis.findings.into_iter();
    let error = findings.find(|finding| finding.severity == Severity::Error);
    Err(match error {
        Some(finding) => Error::unusable(finding.problem, finding.remedy),
        None => Error::unusable("Redis did not answer in time", "try again"),
    })
}
