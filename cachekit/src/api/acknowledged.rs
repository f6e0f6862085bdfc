//! Invalidations that return when every process has applied them.

use std::time::Duration;

use crate::core::state::Cache;
use crate::invalidate::apply::Ack;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;

/// A cache whose invalidations return when no call that begins afterwards, in any process,
/// can get what they remove. [`Cache::acknowledged`] gives one.
///
/// Every process that may serve from memory says when it has applied the invalidation. One
/// that does not is waited for until `bus_timeout` (and a hundredth) has passed: then it
/// has not heard itself either, and trusts its memory no more. What it does then is its
/// `on_disconnect`: only with [`OnDisconnect::Bypass`](crate::OnDisconnect::Bypass) does the
/// promise hold for processes that are cut off from Redis.
///
/// Each method says whether that is certain: not if Redis did not accept the invalidation
/// (it is repeated until it does), nor if [`within`](Self::within) ended the wait. What is not
/// certain is counted, as is what was waited out, in
/// [`RedisStats::unacknowledged`](crate::RedisStats::unacknowledged), and a warning in the log:
/// one, until an invalidation is certain again.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let cache = cachekit::Cache::builder().build().await?;
/// assert!(cache.acknowledged().invalidate_tags(["prices"]).await);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is invalidated yet"]
pub struct Acknowledged {
    cache: Cache,
    ack: Ack,
    mode: InvalidationMode,
}

impl Cache {
    /// The same cache, for invalidations that have to have reached every process.
    pub fn acknowledged(&self) -> Acknowledged {
        Acknowledged {
            cache: self.clone(),
            ack: Ack::Certain,
            mode: InvalidationMode::Hard,
        }
    }
}

impl Acknowledged {
    /// Waits no longer than this: best effort.
    pub fn within(mut self, length: Duration) -> Self {
        self.ack = Ack::Within(length);
        self
    }

    /// Softly, as [`Cache::soft`] does.
    pub fn soft(mut self) -> Self {
        self.mode = InvalidationMode::Soft;
        self
    }

    /// [`Cache::invalidate`].
    pub async fn invalidate(&self, key: &str) -> bool {
        self.carry_out(InvalidationTargets::key(key.as_bytes()))
            .await
    }

    /// [`Cache::invalidate_tags`].
    pub async fn invalidate_tags<T: AsRef<str>>(&self, tags: impl IntoIterator<Item = T>) -> bool {
        let tags = tags.into_iter().map(|tag| Tag::of(tag.as_ref()));
        self.carry_out(InvalidationTargets::tags(tags)).await
    }

    /// [`Cache::emit`].
    pub async fn emit(&self, event: &str) -> bool {
        self.carry_out(InvalidationTargets::tags([Tag::event(event)]))
            .await
    }

    /// [`Cache::invalidate_function`].
    pub async fn invalidate_function(&self, name: &str) -> bool {
        self.carry_out(InvalidationTargets::function(name)).await
    }

    /// [`Cache::clear`].
    pub async fn clear(&self) -> bool {
        self.carry_out(InvalidationTargets::everything()).await
    }

    async fn carry_out(&self, targets: InvalidationTargets) -> bool {
        let pending = self.cache.core.invalidate(targets.with_mode(self.mode));
        pending.with_ack(Some(self.ack)).accepted().await
    }
}
