//! The examination of a builder's settings and of its Redis, without building the cache.

use crate::api::builder::CacheBuilder;
use crate::base::error::BuildError;
use crate::store::examination::{Examination, Unexamined};
#[cfg(feature = "redis")]
use crate::store::redis::open::examine;

impl CacheBuilder {
    /// Applies the file and the environment, and returns the error that `build` would return for a
    /// setting before it connects to Redis.
    pub(crate) fn check_settings(&mut self) -> Result<(), BuildError> {
        let effective = self.apply_sources()?;
        self.check_placed(&effective)
    }

    /// Examines the Redis that is set. Returns `None` if none is set.
    #[cfg(feature = "redis")]
    pub(crate) async fn examine(&self) -> Option<Result<Examination, Unexamined>> {
        let url = &self.config.redis.as_ref()?.0;
        let secrets = match self.secrets() {
            Ok(secrets) => secrets,
            Err(error) => return Some(Err((error.to_string(), String::new()))),
        };
        let settings = self.redis_settings(url, &secrets);
        Some(examine(&settings).await)
    }

    #[cfg(not(feature = "redis"))]
    #[expect(
        clippy::unused_async,
        reason = "the same signature as with the feature"
    )]
    pub(crate) async fn examine(&self) -> Option<Result<Examination, Unexamined>> {
        let remedy = "enable the feature `redis` of cachekit, or remove the setting".to_owned();
        let problem = "this build lacks the feature `redis`".to_owned();
        self.config
            .redis
            .is_some()
            .then_some(Err((problem, remedy)))
    }
}
