//! Builder of one invalidation of any keys, tags, events and functions (its targets), hard or soft,
//! acknowledged or not.
//!
//! All targets of one builder are sent to Redis in one round trip.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::core::state::Cache;
use crate::invalidate::apply::event_data;
use crate::invalidate::pending_invalidation::Ack;
use crate::invalidate::request::{Invalidation, On};
use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;

/// An invalidation that is applied when the builder is awaited. [`Cache::invalidation`] returns a
/// builder.
///
/// Name the targets (keys, tags, events, functions or everything), in any number and mix, then
/// await the builder. All targets are invalidated together, with one round trip to Redis. For one
/// kind of target, [`Cache::invalidate`], [`invalidate_tags`](Cache::invalidate_tags) and
/// [`emit`](Cache::emit) are shorter.
///
/// A call that begins after the await has returned never gets a value whose computation began
/// before the invalidation, be it in memory or still being computed. [`soft`](Self::soft) limits
/// this promise to fresh values; [`acknowledged`](Self::acknowledged) extends it to every process.
///
/// # Cancel safety
///
/// If the future is dropped after it was polled once, the invalidation takes place all the same: at
/// once on this node, and in Redis as soon as Redis accepts it. A builder that is dropped without
/// an await does nothing.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let cache = cachekit::Cache::builder().build().await?;
/// cache.invalidation().tags(["prices"]).keys(["user:7", "user:8"]).await;
/// cache.invalidation().soft().event_about("product.updated", [("id", 7)]).await;
/// assert!(cache.invalidation().acknowledged().tags(["prices"]).await);
/// # Ok::<(), cachekit::BuildError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing is invalidated until the builder is awaited"]
pub struct InvalidationBuilder<const ACKNOWLEDGED: bool = false> {
    cache: Cache,
    targets: InvalidationTargets,
    /// Events, each with its data: pairs of a name and a value. The tags of the events are found
    /// only when the invalidation is applied, because this process learns the events of a function
    /// at the function's first call.
    events_with_data: Vec<(String, Vec<(String, String)>)>,
    ack: Option<Ack>,
}

impl Cache {
    /// Returns a builder for an invalidation of several targets (keys, tags, events, functions), or
    /// for a soft or acknowledged invalidation.
    pub fn invalidation(&self) -> InvalidationBuilder {
        InvalidationBuilder {
            cache: self.clone(),
            targets: InvalidationTargets::default(),
            events_with_data: vec![],
            ack: None,
        }
    }
}

impl<const ACKNOWLEDGED: bool> InvalidationBuilder<ACKNOWLEDGED> {
    /// Adds the entries under `keys`. Each key is a text as for [`Cache::invalidate`].
    pub fn keys<T: AsRef<str>>(mut self, keys: impl IntoIterator<Item = T>) -> Self {
        let keys = keys.into_iter();
        self.targets
            .keys
            .extend(keys.map(|key| Key::new(key.as_ref().as_bytes())));
        self
    }

    /// Adds every entry that has one of `tags`, as [`Cache::invalidate_tags`] does.
    pub fn tags<T: AsRef<str>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        let tags = tags.into_iter();
        self.targets
            .tags
            .extend(tags.map(|tag| Tag::of(tag.as_ref())));
        self
    }

    /// Adds every entry that lists one of `events`. Each event is a name as for [`Cache::emit`].
    pub fn events<T: AsRef<str>>(mut self, events: impl IntoIterator<Item = T>) -> Self {
        let events = events.into_iter();
        self.targets
            .tags
            .extend(events.map(|event| Tag::event(event.as_ref())));
        self
    }

    /// Adds every entry that lists `event`, alone or with arguments equal to `about`, as
    /// [`Cache::emit_about`] does.
    pub fn event_about<K: Into<String>, V: ToString>(
        mut self,
        event: &str,
        about: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.events_with_data
            .push((event.to_owned(), event_data(about)));
        self
    }

    /// Adds every entry of the cached functions called `names`, as [`Cache::invalidate_function`]
    /// does. Unlike that method, the builder does not report if a name is unknown in this process.
    pub fn functions<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        let names = names.into_iter();
        self.targets
            .functions
            .extend(names.map(|name| name.as_ref().into()));
        self
    }

    /// Adds every entry of the cache, as [`Cache::clear`] does.
    pub fn everything(mut self) -> Self {
        self.targets.everything = true;
        self
    }

    /// Marks the entries stale instead of removing them (a "soft purge").
    ///
    /// After a soft invalidation, the old values are not fresh in any process.
    /// [`stale`](crate::Policy::stale) serves an old value at once while one computation refreshes
    /// the entry. [`stale_if_error`](crate::Policy::stale_if_error) serves an old value if that
    /// computation fails, and [`soft_timeout`](crate::Policy::soft_timeout) if the computation
    /// takes long. An entry without any of these options is removed. The windows of these options
    /// begin with the soft invalidation. A hard invalidation, before or after the soft one, always
    /// wins.
    ///
    /// The result of a computation that began before the soft invalidation is not stored. A call
    /// that begins after the await has returned does not wait for the result of a computation that
    /// began before the soft invalidation.
    ///
    /// If Redis does not accept a soft invalidation at once, the cache sends a hard invalidation
    /// later.
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
    /// cache.invalidation().soft().tags(["rates"]).await;
    /// assert_eq!(rate(Err("unreachable")).await, Ok(1.08), "the new computation failed");
    /// cache.invalidate_tags(["rates"]).await;
    /// assert_eq!(rate(Err("unreachable")).await, Err("unreachable"));
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn soft(mut self) -> Self {
        self.targets.mode = InvalidationMode::Soft;
        self
    }

    /// Creates the invalidation that ends a write, with all targets that are known now.
    pub(crate) fn to_write(&self) -> Invalidation {
        let mut invalidation = Invalidation::of(self.cache.clone(), On::Always);
        if self.targets.mode == InvalidationMode::Soft {
            invalidation.soft();
        }
        invalidation.add(self.targets.clone());
        invalidation.set_ack(self.ack);
        self.add_events(&mut invalidation);
        invalidation
    }

    /// Adds the targets that the events with data stand for now.
    pub(crate) fn add_events(&self, invalidation: &mut Invalidation) {
        for (event, about) in &self.events_with_data {
            invalidation.add(self.cache.core().event_targets(event, about));
        }
    }

    /// Applies the invalidation here and in Redis. Returns `true` if every process is certain to
    /// have applied it, or if no acknowledgement was asked for.
    async fn apply(self) -> bool {
        let core = self.cache.core();
        let mut targets = self.targets;
        for (event, about) in &self.events_with_data {
            targets.join(core.event_targets(event, about));
        }
        let pending = core.invalidate(targets);
        pending.with_ack(self.ack).accepted().await
    }
}

impl InvalidationBuilder {
    /// Makes the await return only when no later call, in any process, can get the old values. The
    /// result of the await is then a `bool`: `true` if that is certain.
    ///
    /// Every process that may serve from memory confirms that it applied the invalidation. For a
    /// process that does not confirm, the await waits until `bus_timeout` plus one per cent has
    /// passed. By that time the process without a confirmation has missed its own heartbeat, and
    /// no longer trusts its memory. If that process cannot reach Redis either, its setting
    /// `on_disconnect` decides if entries in memory are served. Only with
    /// [`OnDisconnect::Bypass`](crate::OnDisconnect::Bypass) does the promise hold for processes
    /// that are cut off from Redis.
    ///
    /// The result is `false` if Redis did not accept the invalidation, which is then repeated until
    /// Redis does, or if [`within`](InvalidationBuilder::within) ended the wait.
    /// [`RedisStats::unacknowledged`](crate::RedisStats::unacknowledged) counts the waits with the
    /// result `false`, of which the log gets at most one warning a minute.
    /// [`RedisStats::acknowledged_by_time`](crate::RedisStats::acknowledged_by_time) counts the
    /// waits that lasted for this whole time.
    pub fn acknowledged(self) -> InvalidationBuilder<true> {
        InvalidationBuilder {
            cache: self.cache,
            targets: self.targets,
            events_with_data: self.events_with_data,
            ack: Some(Ack::Certain),
        }
    }
}

impl InvalidationBuilder<true> {
    /// Ends the wait for acknowledgements after `length`. If the wait ends by `length`, the result
    /// of the await is `false`.
    pub fn within(mut self, length: Duration) -> Self {
        self.ack = Some(Ack::Within(length));
        self
    }
}

/// Formats the builder with the number of its targets (keys, tags, events, functions). The texts of
/// the targets are omitted, because they may contain arguments.
impl<const ACKNOWLEDGED: bool> fmt::Debug for InvalidationBuilder<ACKNOWLEDGED> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidationBuilder")
            .field("cache", &self.cache)
            .field(
                "targets",
                &(self.targets.len() + self.events_with_data.len()),
            )
            .field("mode", &self.targets.mode)
            .field("ack", &self.ack)
            .finish()
    }
}

impl IntoFuture for InvalidationBuilder {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.apply().await;
        })
    }
}

impl IntoFuture for InvalidationBuilder<true> {
    type Output = bool;
    type IntoFuture = Pin<Box<dyn Future<Output = bool> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.apply())
    }
}
