//! Handles to entries with replicas, whose type generated code tells apart from [`Entry`].

use std::fmt;
use std::ops::Deref;

use crate::api::entry::Entry;

/// A handle to an entry with replicas. A write removes the entry instead of storing a value.
#[doc(hidden)]
pub struct ReplicatedEntry<R>(Entry<R>);

impl<R> From<Entry<R>> for ReplicatedEntry<R> {
    fn from(entry: Entry<R>) -> Self {
        Self(entry)
    }
}

impl<R> From<ReplicatedEntry<R>> for Entry<R> {
    fn from(replicated: ReplicatedEntry<R>) -> Self {
        replicated.0
    }
}

impl<R> Deref for ReplicatedEntry<R> {
    type Target = Entry<R>;

    fn deref(&self) -> &Entry<R> {
        &self.0
    }
}

impl<R> fmt::Debug for ReplicatedEntry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A handle to an entry whose writes can be compared by an order (`order_by`).
#[diagnostic::on_unimplemented(
    message = "`order_by` has nothing to order: the function has `replicas`, and a write of it stores nothing",
    label = "a write takes all its copies away",
    note = "take `order_by` out, or `replicas`"
)]
#[doc(hidden)]
pub trait TakesOrder {}

impl<R> TakesOrder for Entry<R> {}

/// Returns `entry` unchanged, and fails to compile if a write of this entry cannot have an order
/// (`order_by`).
#[doc(hidden)]
pub fn ordered<E: TakesOrder>(entry: E) -> E {
    entry
}
