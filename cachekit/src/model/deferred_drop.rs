//! What is the user's and dies in the cache: values, and errors that callers share.
//!
//! A destructor is the user's code. It may call a cached function, so it runs when no lock is
//! held, neither one of the cache's nor one of an engine's; and it may panic, which is neither the
//! fault of the call in which it happens to run nor a reason to leave the rest undone.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::base::sync::expect_no_lock;
use crate::base::trace;

thread_local! {
    /// How many calls of engines this thread is in.
    static INSIDE: Cell<u32> = const { Cell::new(0) };
    /// What died in them.
    static DEFERRED: RefCell<Vec<AnyShared>> = const { RefCell::new(Vec::new()) };
    /// Whether there is some of that, and nobody drops it yet. By itself, as engines are asked
    /// more often than something dies in them.
    static IS_DUE: Cell<bool> = const { Cell::new(false) };
    static IS_DROPPING: Cell<bool> = const { Cell::new(false) };
}

/// Something of the user's. The last of those that share it runs its destructor.
#[derive(Clone)]
pub(crate) struct DeferredDrop(Option<AnyShared>);

impl DeferredDrop {
    pub(crate) fn new(shared: AnyShared) -> Self {
        Self(Some(shared))
    }

    #[inline]
    pub(crate) fn shared(&self) -> &AnyShared {
        match &self.0 {
            Some(shared) => shared,
            None => unreachable!("it is taken when it is dropped"),
        }
    }

    pub(crate) fn into_shared(mut self) -> AnyShared {
        match self.0.take() {
            Some(shared) => shared,
            None => unreachable!("it is taken when it is dropped"),
        }
    }
}

impl fmt::Debug for DeferredDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never what it is: it may be a secret.
        f.debug_struct("DeferredDrop").finish_non_exhaustive()
    }
}

impl Drop for DeferredDrop {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        // Where the thread ends, nothing can be put aside any more.
        let is_inside = INSIDE.try_with(Cell::get).is_ok_and(|inside| inside > 0);
        if is_inside {
            defer(shared);
        } else {
            drop_value(shared);
        }
    }
}

fn defer(shared: AnyShared) {
    let mut shared = Some(shared);
    let _ = DEFERRED.try_with(|deferred| deferred.borrow_mut().extend(shared.take()));
    match shared {
        Some(shared) => drop_value(shared),
        None => IS_DUE.set(true),
    }
}

/// Drops `shared`, and catches a panic of its destructor.
fn drop_value(shared: AnyShared) {
    expect_no_lock();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(shared))) {
        trace::destructor_panicked();
        // It may have a destructor that panics too.
        std::mem::forget(panic);
    }
}

/// Runs `call`, of an engine: what dies in it is dropped when it has returned.
#[inline]
pub(crate) fn inside<R>(call: impl FnOnce() -> R) -> R {
    INSIDE.set(INSIDE.get() + 1);
    let _outside = Outside;
    call()
}

struct Outside;

impl Drop for Outside {
    #[inline]
    fn drop(&mut self) {
        let inside = INSIDE.get() - 1;
        INSIDE.set(inside);
        if inside == 0 && IS_DUE.get() {
            drop_deferred();
        }
    }
}

/// Drops what was put aside, one after the other. What is put aside meanwhile comes after it:
/// a destructor that uses the cache, and has another run, is not inside that one.
#[cold]
fn drop_deferred() {
    let next = || {
        DEFERRED
            .try_with(|deferred| deferred.borrow_mut().pop())
            .ok()
            .flatten()
    };
    IS_DROPPING.with(|is_dropping| {
        if is_dropping.replace(true) {
            return;
        }
        while let Some(shared) = next() {
            drop_value(shared);
        }
        IS_DUE.set(false);
        is_dropping.set(false);
    });
}

/// Something that is shared, of any type.
pub(crate) type AnyShared = Arc<dyn Any + Send + Sync>;
