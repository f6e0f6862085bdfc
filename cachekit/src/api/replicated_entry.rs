//! Entries with replicas, as generated code distinguishes them from others.

use std::fmt;
use std::ops::Deref;

use crate::api::entry::Entry;

/// An [`Entry`] with replicas, of which a write stores nothing.
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

/// An entry whose writes can be compared by an order.
#[diagnostic::on_unimplemented(
    message = "`order_by` has nothing to order: the function has `replicas`, and a write of it stores nothing",
    label = "a write takes all its copies away",
    note = "take `order_by` out, or `replicas`"
)]
#[doc(hidden)]
pub trait TakesOrder {}

impl<R> TakesOrder for Entry<R> {}

/// Returns `entry`, for a write with `order_by`.
#[doc(hidden)]
pub fn ordered<E: TakesOrder>(entry: E) -> E {
    entry
}
