//! The cache by which the command speaks to Redis.

use std::time::Duration;

use cachekit::{Cache, CacheBuilder, Severity};

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
    match (&server.redis_password, &server.redis_password_file) {
        (None, None) => Ok(builder),
        (Some(password), None) => Ok(builder.redis_password(password)),
        (None, Some(path)) => Ok(builder.redis_password_file(path)),
        (Some(_), Some(_)) => Err(Error::unusable(
            "both `REDIS_PASSWORD` and `REDIS_PASSWORD_FILE` are set",
            "unset one of them",
        )),
    }
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
