//! The write of one entry by a function with `#[write_through]`, from before its body to after it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;

use crate::base::fault::removed;
use crate::coordination::frame;
use crate::coordination::frame::Frame;
use crate::core::entry_key::Target;
use crate::core::entry_ref::EntryRef;
use crate::core::state::Cache;
use crate::invalidate::deferred;
use crate::invalidate::pending_invalidation::PendingInvalidation;
use crate::invalidate::request::{Intent, Invalidation, On};
use crate::model::write_order::WriteOrder;
use crate::store::key_name::StoreKey;
use crate::write::write_guard::WriteGuard;

/// A write of one entry by an annotated function. If the write is dropped after it began and before
/// it ended, the entry is invalidated, because the function may have written.
#[doc(hidden)]
#[must_use]
pub struct PendingWrite<'a, V> {
    entry: &'a EntryRef,
    guard: Option<WriteGuard>,
    value: Option<V>,
    /// `true` if the written value will have an order, by which overlapping writes are compared.
    is_ordered: bool,
    order: Option<u64>,
    /// `true` if the body of the function took the entry's old value from the cache.
    has_taken_own: bool,
    /// The time for which the write's mark stands without a renewal (`intent`). `None`: the cache's
    /// setting applies.
    intent: Option<Intent>,
}

impl<'a, V: Clone + Send + Sync + 'static> PendingWrite<'a, V> {
    pub(crate) fn new(entry: &'a EntryRef) -> Self {
        Self {
            entry,
            guard: None,
            value: None,
            is_ordered: false,
            order: None,
            has_taken_own: false,
            intent: None,
        }
    }

    /// Sets the time for which the write's mark stands without a renewal (`intent = "3s"`). With
    /// `None`, the write has no mark (`intent = false`).
    pub fn intent(mut self, length: Option<Duration>) -> Self {
        self.intent = Some(Intent::of(length));
        self
    }

    /// Declares before the write begins that its value will have an order, by which overlapping
    /// writes are compared.
    pub fn ordered(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// Sets the order of the written value. Among overlapping writes with an order, the value with
    /// the greatest order stays.
    pub fn order(&mut self, order: &impl WriteOrder) {
        self.order = Some(order.__rank());
    }

    pub(crate) async fn begin(&mut self) {
        self.begin_local();
        if let Some(guard) = &mut self.guard {
            if guard.open.is_some() {
                // The mark is sent before the token is requested, and before the body begins.
                yield_now().await;
            }
            guard
                .begin_shared(&self.entry.entry_tags, self.entry.fingerprint())
                .await;
        }
    }

    /// Begins the write on this node, and sends its mark.
    pub(crate) fn begin_local(&mut self) {
        let mut guard = self.entry.begin_local(self.is_ordered);
        let names = || vec![StoreKey::entry(&self.entry.key)];
        guard.open = self.entry.core.open_write(names, self.intent);
        self.guard = Some(guard);
    }

    /// Records the values that the function's body, which ran inside of `frame`, took from the
    /// cache. The written value may have been made from these values.
    pub(crate) fn end_body(&mut self, frame: &Frame) {
        let Some(guard) = &mut self.guard else { return };
        let (core, key) = (&self.entry.core, &self.entry.key);
        self.has_taken_own = !removed!(core, StoreOwnValue)
            && frame.with_record(|taken| {
                !taken.is_empty() && taken.has_taken(&core.tags.key_epoch(key))
            });
        let taken = frame.take_record();
        frame::record(|all| all.add_all(taken.as_ref()));
        guard.taken = core.of_interest(taken, self.entry.owner.options().depends);
    }

    /// Sets the value that this write stores in the entry when the write ends.
    pub fn store(&mut self, value: V) {
        self.value = Some(value);
    }

    /// Takes the value that [`store`](Self::store) set. Returns `None` if no value was set, if the
    /// body took the entry's old value from the cache, or inside of a `deferred` scope, where the
    /// transaction may still be rolled back.
    pub(crate) fn take_value(&mut self) -> Option<V> {
        let is_new = !self.has_taken_own && !deferred::is_active();
        self.value.take().filter(|_| is_new)
    }

    /// Ends the write, and stores `value` in L2 and in memory, unless an invalidation or another
    /// write came after this write began.
    pub(crate) async fn finish(&mut self, value: V) {
        if let Some(guard) = self.guard.take() {
            self.entry.finish(guard, value, self.order).await;
        }
    }

    /// Ends the write of a synchronous function, which cannot wait for L2. Stores `value` on this
    /// node, and has the entry in L2 removed in the background.
    pub(crate) fn finish_local(&mut self, value: V) {
        if let Some(guard) = self.guard.take() {
            let (entry_tags, value) = self.entry.labelled(value, self.order);
            guard.finish_local(&entry_tags, value);
        }
    }
}

impl<V> PendingWrite<'_, V> {
    /// Cancels the write, because the annotated function did not write. The entry in the cache
    /// stays as it is.
    pub(crate) fn cancel(&mut self) {
        if let Some(open) = self.guard.take().and_then(|mut guard| guard.open.take()) {
            open.cancel();
        }
    }

    /// Ends the write and invalidates the entry. Returns the pending invalidation. The caller must
    /// wait until the invalidation is accepted. Returns `None` if the write has already ended, or
    /// if a `deferred` scope carries out the invalidation.
    pub(crate) fn leave_empty(mut self) -> Option<PendingInvalidation> {
        self.invalidate_if_begun()
    }

    fn invalidate_if_begun(&mut self) -> Option<PendingInvalidation> {
        let open = self.guard.take()?.open.take();
        let cache = Cache {
            core: Arc::clone(&self.entry.core),
        };
        let mut invalidation = Invalidation::of(cache, On::Always);
        invalidation.target(Target::from(self.entry.key.clone()));
        deferred::defer_or_apply(invalidation.ending(open))
    }
}

impl<V> Drop for PendingWrite<'_, V> {
    fn drop(&mut self) {
        drop(self.invalidate_if_begun());
    }
}

impl<V> fmt::Debug for PendingWrite<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingWrite")
            .field("key", &self.entry.key)
            .finish_non_exhaustive()
    }
}

impl EntryRef {
    pub(crate) fn begin_local(&self, is_ordered: bool) -> WriteGuard {
        let (owner, key) = (Arc::clone(&self.owner), self.key.clone());
        WriteGuard::begin_local(&self.core, owner, key, self.owner.options(), is_ordered)
    }

    pub(crate) async fn begin(&self) -> WriteGuard {
        let mut guard = self.begin_local(false);
        guard
            .begin_shared(&self.entry_tags, self.fingerprint())
            .await;
        guard
    }

    pub(crate) async fn finish<V: Clone + Send + Sync + 'static>(
        &self,
        guard: WriteGuard,
        value: V,
        order: Option<u64>,
    ) {
        let (entry_tags, value) = self.labelled(value, order);
        guard.finish(entry_tags, value, self.describe.wire()).await;
    }
}
