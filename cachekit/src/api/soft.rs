//! Invalidations that leave the old value for what old values are for.

use crate::core::state::Cache;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;

/// A cache whose invalidations are soft. [`Cache::soft`] gives one.
///
/// A soft invalidation ends the fresh life of what it names, now, in every process, and leaves
/// the old value for what old values are for: `stale` serves it at once while one computation
/// makes a new one, `stale_if_error` where that fails, `soft_timeout` where it takes long. An
/// entry that may be none of that is removed.
///
/// What is promised of an [invalidation](Cache::invalidate) holds for fresh values: a
/// computation that began before is not stored, and not joined by a call that begins after
/// this returned. The windows begin with the soft invalidation; a hard one, before it or after it, always wins.
///
/// A soft invalidation that Redis does not accept at once is repeated as a hard one.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use std::time::Duration;
/// use cachekit::{Cache, Policy};
///
/// let cache = Cache::builder().build().await?;
/// let policy = Policy::new().stale_if_error(Duration::from_secs(3600)).tag("rates");
/// let rate = async |result: Result<f64, &'static str>| {
///     cache.try_get_or_compute("rate:usd", &policy, || async { result }).await
/// };
/// assert_eq!(rate(Ok(1.08)).await, Ok(1.08));
///
/// cache.soft().invalidate_tags(["rates"]).await;
/// assert_eq!(rate(Err("away")).await, Ok(1.08), "computed again, in vain");
/// cache.invalidate_tags(["rates"]).await;
/// assert_eq!(rate(Err("away")).await, Err("away"));
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is invalidated yet"]
pub struct Soft {
    cache: Cache,
}

impl Cache {
    /// The same cache, for invalidations that leave the old value for `stale`,
    /// `stale_if_error` and `soft_timeout`.
    pub fn soft(&self) -> Soft {
        Soft {
            cache: self.clone(),
        }
    }
}

/// Cancel safety is that of [`Cache::invalidate`].
impl Soft {
    /// [`Cache::invalidate`].
    pub async fn invalidate(&self, key: &str) {
        self.carry_out(InvalidationTargets::key(key.as_bytes()))
            .await;
    }

    /// [`Cache::invalidate_tags`].
    pub async fn invalidate_tags<T: AsRef<str>>(&self, tags: impl IntoIterator<Item = T>) {
        let tags = tags.into_iter().map(|tag| Tag::of(tag.as_ref()));
        self.carry_out(InvalidationTargets::tags(tags)).await;
    }

    /// [`Cache::emit`].
    pub async fn emit(&self, event: &str) {
        self.carry_out(InvalidationTargets::tags([Tag::event(event)]))
            .await;
    }

    /// [`Cache::emit_about`].
    pub async fn emit_about<K: Into<String>, V: ToString>(
        &self,
        event: &str,
        about: impl IntoIterator<Item = (K, V)>,
    ) {
        let targets = self.cache.core.event_targets(event, about);
        self.carry_out(targets).await;
    }

    /// [`Cache::invalidate_function`].
    pub async fn invalidate_function(&self, name: &str) -> bool {
        let is_known = self.cache.core.knows_function(name);
        self.carry_out(InvalidationTargets::function(name)).await;
        is_known
    }

    /// [`Cache::clear`].
    pub async fn clear(&self) {
        self.carry_out(InvalidationTargets::everything()).await;
    }

    async fn carry_out(&self, targets: InvalidationTargets) {
        let pending = self
            .cache
            .core
            .invalidate(targets.with_mode(InvalidationMode::Soft));
        pending.accepted().await;
    }
}
