//! Drops users' values at a safe point: cached values, and errors that callers share.
//!
//! A value's destructor is user code. The destructor may call a cached function, so it runs only
//! when no lock of the cache or of an engine is held. A destructor may also panic. Such a panic is
//! caught: the call that happens to drop the value does not fail, and the other values are dropped
//! too.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::base::sync::expect_no_lock;
use crate::base::trace;

thread_local! {
    /// Number of calls of a memory engine that are running on this thread, one inside of the other.
    static INSIDE: Cell<u32> = const { Cell::new(0) };
    /// Values whose last reference was dropped during an engine call. These values are dropped
    /// after the call.
    static DEFERRED: RefCell<Vec<AnyShared>> = const { RefCell::new(Vec::new()) };
    /// `true` while `DEFERRED` has values to drop. This flag makes the check after each engine call
    /// cheap, because most engine calls defer no value.
    static IS_DUE: Cell<bool> = const { Cell::new(false) };
    static IS_DROPPING: Cell<bool> = const { Cell::new(false) };
}

/// Reference to a user's value, which may have other references. If the last reference is dropped
/// inside an engine call, the value's destructor runs after that call.
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
        // The content is not shown, because it may be a secret.
        f.debug_struct("DeferredDrop").finish_non_exhaustive()
    }
}

impl Drop for DeferredDrop {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        // While a thread ends, its list of deferred values may be gone already.
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

/// Drops `shared`. If this runs a destructor that panics, the panic is caught and logged.
fn drop_value(shared: AnyShared) {
    expect_no_lock();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(shared))) {
        trace::destructor_panicked();
        // The panic's payload may have a destructor that panics too.
        std::mem::forget(panic);
    }
}

/// Runs `call`, which calls an engine. Values whose last reference is dropped in `call` are dropped
/// after `call` has returned.
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

/// Drops the deferred values one by one. If a destructor uses the cache and an engine evicts
/// another value meanwhile, that value joins the list, so destructors never run inside each other.
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

/// Shared reference to a user's value of any type.
pub(crate) type AnyShared = Arc<dyn Any + Send + Sync>;
