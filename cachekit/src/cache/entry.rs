//! Typed handles to one entry and to one function: what companions give.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::around::{Invalidation, On};
use super::read::returned;
use super::store::Value;
use super::write::Bracket;
use super::{Cache, Core, deferred};
use crate::clock::Tick;
use crate::function::FnSpec;
use crate::key::{Key, KeyBuf};
use crate::labels::Labels;
use crate::owner::Owner;
use crate::plan::{Optional, Plan, Shape};

/// One entry of a cached function that returns `R`.
///
/// `get_user::entry(id)` gives one. Its `get` and `put` speak of the value itself: of `T`
/// where the function returns `T`, `Option<T>`, `Result<T, E>` or `Result<Option<T>, E>`.
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

/// What an entry derefs to where `R` is not a `Result<Option<T>, E>`.
#[doc(hidden)]
pub struct Inner<R>(Innermost<R>);

/// What an entry derefs to where `R` is neither a `Result` nor an `Option`.
#[doc(hidden)]
pub struct Innermost<R> {
    slot: Slot,
    returns: PhantomData<fn() -> R>,
}

/// The untyped part of an entry.
struct Slot {
    core: Arc<Core>,
    owner: Arc<Owner>,
    spec: &'static FnSpec,
    key: Key,
    labels: Labels,
    describe: Box<dyn Describe>,
}

/// What a value of the function's type says about itself.
trait Describe: Send + Sync {
    fn label(&self, value: &dyn Any, labels: &mut Labels);
    fn weigh(&self, value: &dyn Any) -> usize;
}

struct Described<S: Shape, A> {
    plan: Plan<S>,
    after: A,
}

impl<S, A> Describe for Described<S, A>
where
    S: Shape,
    S::Value: 'static,
    A: Fn(&S::Value, &mut Labels) + Send + Sync,
{
    fn label(&self, value: &dyn Any, labels: &mut Labels) {
        if let Some(value) = value.downcast_ref() {
            (self.after)(value, labels);
        }
    }

    fn weigh(&self, value: &dyn Any) -> usize {
        value
            .downcast_ref()
            .map_or(0, |value| self.plan.weigh(value))
    }
}

/// The entry of `spec` under the key of `target`.
pub(crate) fn typed_entry<S, A>(
    cache: &Cache,
    spec: &'static FnSpec,
    plan: Plan<S>,
    target: Target,
    labels: Labels,
    after: A,
) -> Entry<S::Ret>
where
    S: Shape + 'static,
    S::Value: 'static,
    A: Fn(&S::Value, &mut Labels) + Send + Sync + 'static,
{
    let slot = Slot {
        core: Arc::clone(cache.core()),
        owner: cache.core().owner(spec),
        spec,
        key: target.key,
        labels,
        describe: Box::new(Described { plan, after }),
    };
    Entry(Inner(Innermost {
        slot,
        returns: PhantomData,
    }))
}

impl<R> Entry<R> {
    /// The entry's key, as it stands in the cache.
    pub fn key(&self) -> &str {
        // Keys are written from strings only.
        str::from_utf8(self.raw().key.as_bytes()).unwrap_or_default()
    }

    /// How much longer the entry lives; `None` if there is none.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier asks it here"
    )]
    pub async fn ttl(&self) -> Option<Duration> {
        let slot = self.raw();
        let stored = slot.core.peek(&slot.key, slot.owner.id)?;
        Some(stored.deadline.since(Tick::now(&*slot.core.clock)))
    }

    /// Removes the entry. A call that begins after this returned never gets a value whose
    /// computation began before.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn invalidate(&self) {
        self.raw().core.invalidate_key(self.raw().key.as_bytes());
    }

    /// Ends the entry's time to live: the next call computes. Unlike
    /// [`invalidate`](Self::invalidate) it says nothing against the value: a computation
    /// that is running may still store.
    #[expect(
        clippy::unused_async,
        reason = "a cache with a second tier tells it here"
    )]
    pub async fn expire(&self) {
        self.raw().core.memory.remove(self.raw().key.as_bytes());
    }
}

impl Slot {
    fn get<V: Clone + Send + Sync + 'static>(&self) -> Option<V> {
        let stored = self.core.peek(&self.key, self.owner.id)?;
        returned::<Optional<V>>(&stored)?
    }

    fn begin(&self) -> Bracket {
        let owner = Arc::clone(&self.owner);
        Bracket::begin(&self.core, owner, self.key.clone(), self.spec.lives())
    }

    fn finish<V: Clone + Send + Sync + 'static>(&self, bracket: Bracket, value: V) {
        let mut labels = self.labels.clone();
        self.describe.label(&value, &mut labels);
        let heap = self.describe.weigh(&value);
        bracket.finish(
            &labels,
            Value {
                value: Some(value),
                heap,
            },
        );
    }
}

macro_rules! typed {
    ($($handle:ident<$ret:ty>, $($param:ident),+;)*) => {$(
        impl<$($param),+> $handle<$ret>
        where
            T: Clone + Send + Sync + 'static,
        {
            /// The value, if it is cached. Never computes; a remembered absence is `None`
            /// too.
            pub async fn get(&self) -> Option<T> {
                self.raw().get()
            }

            /// Stores `value` with the function's own time to live, tags and events.
            ///
            /// Two writes of one entry that overlap leave it empty, as does one that
            /// overlaps with an invalidation of it.
            pub async fn put(&self, value: T) {
                let slot = self.raw();
                slot.finish(slot.begin(), value);
            }

            /// Begins a write that ends after a function's body.
            #[doc(hidden)]
            pub fn __begin(&self) -> PendingWrite<'_, T> {
                let slot = self.raw();
                PendingWrite { slot, bracket: Some(slot.begin()), value: PhantomData }
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
    fn raw(&self) -> &Slot {
        &self.0.0.slot
    }
}
impl<R> Inner<R> {
    fn raw(&self) -> &Slot {
        &self.0.slot
    }
}
impl<R> Innermost<R> {
    fn raw(&self) -> &Slot {
        &self.slot
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

/// A write of one entry that has begun. Dropped unfinished, it leaves the entry empty: the
/// write may have happened.
#[doc(hidden)]
#[must_use]
pub struct PendingWrite<'a, V> {
    slot: &'a Slot,
    bracket: Option<Bracket>,
    value: PhantomData<fn(V)>,
}

impl<V: Clone + Send + Sync + 'static> PendingWrite<'_, V> {
    /// The write happened, and this is the value now.
    pub fn store(mut self, value: V) {
        if !deferred::is_on()
            && let Some(bracket) = self.bracket.take()
        {
            self.slot.finish(bracket, value);
        }
    }
}

impl<V> PendingWrite<'_, V> {
    /// The write did not happen.
    pub(super) fn cancel(mut self) {
        self.bracket = None;
    }
}

impl<V> Drop for PendingWrite<'_, V> {
    fn drop(&mut self) {
        if self.bracket.take().is_some() {
            let cache = Cache {
                core: Arc::clone(&self.slot.core),
            };
            let mut invalidation = Invalidation::of(cache, On::Always);
            invalidation.target(Target {
                key: self.slot.key.clone(),
            });
            deferred::or_now(invalidation);
        }
    }
}

impl<V> fmt::Debug for PendingWrite<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingWrite")
            .field("key", &self.slot.key)
            .finish_non_exhaustive()
    }
}

/// Names one entry of one function, for an invalidation.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) key: Key,
}

impl Target {
    /// The entry under the key that `write` writes.
    pub fn new(write: impl FnOnce(&mut KeyBuf)) -> Self {
        let mut key = KeyBuf::new();
        write(&mut key);
        Self {
            key: Key::new(key.as_bytes()),
        }
    }
}
