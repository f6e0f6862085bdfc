//! Typed handles to one entry of a cached function.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::coordination::frame;
use crate::core::entry_key::Target;
use crate::core::entry_ref::{Describe, EntryRef};
use crate::core::state::Cache;
use crate::encoding::codec::type_codec::Wire;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::function_spec::FnSpec;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::miss_cause::{CurrentCause, MissCause};
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::hit::value_in;
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::{Optional, ReturnOps, ReturnType};
use crate::write::pending::PendingWrite;
use crate::write::put::RemoveOnDrop;

/// A handle to one entry of a cached function that returns `R`.
///
/// For a cached function `get_user`, `get_user::entry(id)` returns a handle. The handle's `get` and
/// `put` return and take a value of type `T`: the function returns a `T`, an `Option<T>`, a
/// `Result<T, E>` or a `Result<Option<T>, E>`.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::cached;
///
/// #[cached(key = "square:{n}")]
/// async fn square(n: u64) -> Option<u64> {
///     n.checked_mul(n)
/// }
///
/// let entry = square::entry(4);
/// assert_eq!(entry.key(), "square:4");
/// assert_eq!(entry.get().await, None, "never computes");
/// square(4).await;
/// assert_eq!(entry.get().await, Some(16));
/// entry.invalidate().await;
/// assert_eq!(entry.get().await, None);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Entry<R>(Inner<R>);

/// The `Deref` target of [`Entry`], with `get` and `put` for an `R` that is not a
/// `Result<Option<T>, E>`.
#[doc(hidden)]
pub struct Inner<R>(Innermost<R>);

/// The `Deref` target of [`Inner`], with `get` and `put` for an `R` that is neither a `Result` nor
/// an `Option`.
#[doc(hidden)]
pub struct Innermost<R> {
    entry: EntryRef,
    returns: PhantomData<fn() -> R>,
}

struct TypedDescribe<S: ReturnType, A> {
    return_ops: ReturnOps<S>,
    after: A,
}

impl<S, A> Describe for TypedDescribe<S, A>
where
    S: ReturnType,
    S::Value: 'static,
    A: Fn(&S::Value, &mut EntryTags) + Send + Sync,
{
    fn label(&self, value: &dyn Any, entry_tags: &mut EntryTags) {
        if let Some(value) = value.downcast_ref() {
            (self.after)(value, entry_tags);
        }
    }

    fn weigh(&self, value: &dyn Any) -> usize {
        value
            .downcast_ref()
            .map_or(0, |value| self.return_ops.weigh(value))
    }

    fn wire(&self) -> Option<Wire> {
        self.return_ops.wire()
    }
}

/// Creates a handle to the entry of the cached function `spec` under the key of `target`.
pub(crate) fn typed_entry<S, A>(
    cache: &Cache,
    spec: &'static FnSpec,
    return_ops: ReturnOps<S>,
    target: Target,
    entry_tags: EntryTags,
    after: A,
) -> Entry<S::Ret>
where
    S: ReturnType + 'static,
    S::Value: 'static,
    A: Fn(&S::Value, &mut EntryTags) + Send + Sync + 'static,
{
    let entry = EntryRef {
        core: Arc::clone(cache.core().core_of(spec)),
        owner: cache.core().owner(spec),
        key: target.key,
        entry_tags,
        describe: Box::new(TypedDescribe { return_ops, after }),
    };
    Entry(Inner(Innermost {
        entry,
        returns: PhantomData,
    }))
}

impl<R> Entry<R> {
    /// Returns the text of the entry's key, as the cache stores it.
    pub fn key(&self) -> &str {
        // Key texts are made from strings only, so they are UTF-8.
        str::from_utf8(self.raw().key.as_bytes()).unwrap_or_default()
    }

    /// Returns the time that the entry has left to live, if the entry is used as often as its
    /// `idle` requires. Returns `None` if neither memory nor Redis has the entry.
    pub async fn ttl(&self) -> Option<Duration> {
        let entry = self.raw();
        if let Some(stored) = entry.core.peek(&entry.key, entry.owner.id) {
            return Some(stored.freshness.end.since(Tick::now(&*entry.core.clock)));
        }
        let (owner, entry_tags, options) = (&entry.owner, &entry.entry_tags, entry.owner.options());
        let fingerprint = entry.fingerprint();
        entry
            .core
            .l2_ttl(owner, &entry.key, entry_tags, &options, fingerprint)
            .await
    }

    /// Removes the entry. A call that begins after `invalidate` returned never gets a value whose
    /// computation began before the invalidation.
    ///
    /// # Cancel safety
    ///
    /// Cancel safety is that of [`Cache::invalidate`].
    pub async fn invalidate(&self) {
        self.raw().core.invalidate(self.target()).accepted().await;
    }

    /// Makes the entry stale in every process (a [soft
    /// invalidation](crate::InvalidationBuilder::soft)). The next call computes, or gets the stale
    /// value if the function's `stale`, `stale_if_error` or `soft_timeout` allows that. For a
    /// function without these options, the entry is removed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safety is that of [`Cache::invalidate`].
    pub async fn expire(&self) {
        let targets = self.target().with_mode(InvalidationMode::Soft);
        self.raw().core.invalidate(targets).accepted().await;
    }

    /// Returns the entry as the target of an invalidation.
    fn target(&self) -> InvalidationTargets {
        let entry = self.raw();
        let name = entry.core.name_in_spans(&entry.owner.name);
        InvalidationTargets::key(entry.key.as_bytes()).of_function(name)
    }
}

impl EntryRef {
    async fn get<V: Clone + Send + Sync + 'static>(&self) -> Option<V> {
        let (core, options) = (&self.core, self.owner.options());
        if let Some(stored) = core.peek_to_take(&self.key, self.owner.id, &options) {
            core.record_taken(|| self.key.clone(), &stored);
            let text = || self.key.as_bytes();
            core.observe_hit(frame::surroundings(), SourceTier::Memory, text, &stored);
            return value_in::<Optional<V>>(&stored)?;
        }
        let ops = ValueOps::of::<Optional<V>>(self.describe.wire());
        // Neither a hit nor a cause is counted, because this is no call of the function.
        let cause = CurrentCause::new(MissCause::ABSENT);
        let name = (&self.owner, &self.key);
        let hit = core.peek_l2(name, &self.entry_tags, &options, &ops, &cause);
        let Some(hit) = hit.await else {
            core.report_absence(&self.owner, &self.key);
            core.record_absence(&self.key);
            return None;
        };
        let text = || self.key.as_bytes();
        core.observe_hit(frame::surroundings(), hit.tier(), text, &hit.stored);
        let stored = hit.stored;
        core.record_taken(|| self.key.clone(), &stored);
        value_in::<Optional<V>>(&stored)?
    }
}

macro_rules! typed {
    ($($handle:ident<$ret:ty>, $($param:ident),+;)*) => {$(
        impl<$($param),+> $handle<$ret>
        where
            T: Clone + Send + Sync + 'static,
        {
            /// Returns the cached value of the entry, from memory or from Redis. Never computes.
            /// Returns `None` if no value is cached, also for a cached absence or error.
            pub async fn get(&self) -> Option<T> {
                self.raw().get().await
            }

            /// Stores `value` as this entry, in memory and Redis, with the time to live, the tags
            /// and the events of the function.
            ///
            /// If two writes of the entry overlap, or a write overlaps with an invalidation of the
            /// entry, no value is stored, and the old value is removed.
            ///
            /// # Cancel safety
            ///
            /// If the future is dropped after it was polled once, the entry is removed.
            pub async fn put(&self, value: T) {
                let entry = self.raw();
                let remove_on_drop = RemoveOnDrop::new(&entry.core, &entry.key);
                let guard = entry.begin().await;
                entry.finish(guard, value, None).await;
                remove_on_drop.disarm();
            }

            /// Returns a write of this entry that begins before the body of a `#[write_through]`
            /// function and ends after that body.
            #[doc(hidden)]
            pub fn __pending(&self) -> PendingWrite<'_, T> {
                PendingWrite::new(self.raw())
            }
        }
    )*};
}

typed! {
    Entry<Result<Option<T>, E>>, T, E;
    Inner<Result<T, E>>, T, E;
    Inner<Option<T>>, T;
    Innermost<T>, T;
}

impl<R> Entry<R> {
    fn raw(&self) -> &EntryRef {
        &self.0.0.entry
    }
}
impl<R> Inner<R> {
    fn raw(&self) -> &EntryRef {
        &self.0.entry
    }
}
impl<R> Innermost<R> {
    fn raw(&self) -> &EntryRef {
        &self.entry
    }
}

impl<R> Deref for Entry<R> {
    type Target = Inner<R>;

    fn deref(&self) -> &Inner<R> {
        &self.0
    }
}

impl<R> Deref for Inner<R> {
    type Target = Innermost<R>;

    fn deref(&self) -> &Innermost<R> {
        &self.0
    }
}

impl<R> fmt::Debug for Entry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key())
            .finish_non_exhaustive()
    }
}
impl<R> fmt::Debug for Inner<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("key", &self.raw().key)
            .finish_non_exhaustive()
    }
}
impl<R> fmt::Debug for Innermost<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Innermost")
            .field("key", &self.raw().key)
            .finish_non_exhaustive()
    }
}
