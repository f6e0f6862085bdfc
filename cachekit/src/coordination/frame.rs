//! The frames of the running task: the computations and scopes that its code runs inside of.
//!
//! Each task carries the chain of its frames. The recursion guard searches the chain. The cache
//! records each value that it gives to code inside of a computation, in the frame of the innermost
//! computation.
//!
//! A task that the code spawns has a chain of its own. `tracked` gives a spawned task the chain of
//! its parent.

use std::cell::{Cell, RefCell};
use std::mem::{replace, swap};
use std::sync::Arc;

use crate::base::sync::Mutex;
use crate::coordination::observations::Observations;
use crate::coordination::refresh_scope::RefreshScope;
use crate::coordination::taken::{Taken, TakenDependencies};
use crate::model::owner::OwnerId;

thread_local! {
    static CURRENT: RefCell<Current> = const { RefCell::new(Current { frame: None, taken: None }) };
    /// Surroundings of the code that runs on this thread: those of the frame in `CURRENT`. A cached
    /// call reads them here, and need not access the frame.
    static SURROUNDINGS: Cell<Surroundings> = const { Cell::new(Surroundings::NONE) };
}

/// The surroundings of the code that runs on this thread.
struct Current {
    /// Innermost frame that the code runs inside of. `None`: no frame.
    frame: Option<Arc<Frame>>,
    /// Record of the values that the code took since it entered `frame` on this thread. When the
    /// code leaves the frame, this record is added to the frame's record, so that only leaving
    /// takes a lock.
    taken: Option<Box<Taken>>,
}

/// Kind of a frame, which decides how the cached calls inside behave.
#[derive(Debug)]
pub(crate) enum FrameKind {
    /// A computation: the values that it takes become part of its entry.
    Computation,
    /// The body of a write: its result becomes an entry, as the result of a computation does.
    Write,
    /// A refresh that no caller waits for: a computation that takes no stale value.
    Refresh,
    /// A transaction, whose calls go past the cache whatever scopes are inside of it.
    Transaction,
    /// Code whose calls go past the cache.
    Bypass,
    /// Code whose calls compute anew, each key once.
    RefreshAll(Arc<RefreshScope>),
    /// Code whose calls an observer sees.
    Observed(Arc<Observations>),
    /// The body of a call that went past the cache.
    Uncached,
    /// Code whose values do not become part of an entry.
    Untracked,
}

/// A computation or a scope, linked to the frame (`outer`) that it was entered from.
pub(crate) struct Frame {
    /// Identity of the computation's flight. Zero: no flight.
    pub(crate) flight: usize,
    /// Identity of the concurrency limit that counts this computation. Zero: no limit counts it.
    pub(crate) limit: usize,
    pub(crate) outer: Option<Arc<Frame>>,
    kind: FrameKind,
    /// Facts about this frame and the frames around it, for calls inside of this frame.
    surroundings: Surroundings,
    /// Record of the values that the code inside took. `None` until it took the first.
    taken: Mutex<Option<Box<Taken>>>,
}

impl Frame {
    /// Creates a frame inside those of the running code.
    pub(crate) fn new(kind: FrameKind, flight: usize, limit: usize) -> Arc<Self> {
        let outer = current();
        let around = outer
            .as_deref()
            .map_or(Surroundings::NONE, |it| it.surroundings);
        let surroundings = around.inside(&kind);
        Arc::new(Self {
            flight,
            limit,
            kind,
            surroundings,
            taken: Mutex::default(),
            outer,
        })
    }

    /// Returns `true` if the frame is that of a refresh that no caller waits for.
    #[cfg(feature = "http")]
    pub(crate) fn is_refresh(&self) -> bool {
        matches!(self.kind, FrameKind::Refresh)
    }

    /// Takes out the record of everything that the cache gave to the code inside. Returns `None` if
    /// the cache gave nothing.
    pub(crate) fn take_record(&self) -> Option<TakenDependencies> {
        let taken = self.taken.lock().take()?;
        taken.finish()
    }

    /// Calls `f` with the record of the values that the code inside took.
    pub(crate) fn with_record<T>(&self, f: impl FnOnce(&mut Taken) -> T) -> T {
        f(self.taken.lock().get_or_insert_default())
    }

    /// Adds `taken`, which code inside of this frame took, to the record.
    fn add(self: &Arc<Self>, taken: Box<Taken>) {
        let Some(frame) = recording(self) else { return };
        let mut record = frame.taken.lock();
        match &mut *record {
            Some(record) => record.add_all(taken.finish().as_ref()),
            None => *record = Some(taken),
        }
    }
}

/// Calls `f` with the innermost frame of the running code. Returns `None` without a frame.
fn with_current<T>(f: impl FnOnce(&Arc<Frame>) -> T) -> Option<T> {
    let result = CURRENT.try_with(|current| current.borrow().frame.as_ref().map(f));
    result.ok().flatten()
}

/// Returns the innermost frame of the running code.
pub(crate) fn current() -> Option<Arc<Frame>> {
    with_current(Arc::clone)
}

/// The frames that the running code is inside of, as far as they concern a cached call. The frames
/// are a set of bits, which a hit inside of a computation reads in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surroundings(u8);

/// The code is inside of any frame.
const INSIDE: u8 = 1;
/// A computation records the values that the code takes from the cache: its entry depends on them.
const RECORDED: u8 = 1 << 1;
/// Cached calls go past the cache, whatever frames are inside.
const IN_TRANSACTION: u8 = 1 << 2;
/// Cached calls go past the cache.
const BYPASSES: u8 = 1 << 3;
/// Cached calls compute anew, each key once.
const REFRESHES: u8 = 1 << 4;
/// Cached calls take no stale value.
const TAKES_NOTHING_OLD: u8 = 1 << 5;
/// An observer sees the cached calls.
const OBSERVED: u8 = 1 << 6;

impl Surroundings {
    /// Surroundings of code that is inside of no frame.
    const NONE: Self = Self(0);

    /// Returns the surroundings of code inside of a frame of the kind `kind`, which is inside of
    /// these surroundings.
    fn inside(self, kind: &FrameKind) -> Self {
        let around = self.0 | INSIDE;
        Self(match kind {
            FrameKind::Computation | FrameKind::Write => around | RECORDED,
            FrameKind::Refresh => around | RECORDED | TAKES_NOTHING_OLD,
            FrameKind::Transaction => around | IN_TRANSACTION,
            FrameKind::Bypass => (around | BYPASSES) & !REFRESHES,
            FrameKind::RefreshAll(_) => (around | REFRESHES) & !BYPASSES,
            FrameKind::Observed(_) => around | OBSERVED,
            FrameKind::Uncached => around,
            FrameKind::Untracked => around & !RECORDED,
        })
    }

    /// Returns these surroundings without the computation that records the taken values.
    pub(crate) fn unrecorded(self) -> Self {
        Self(self.0 & !RECORDED)
    }

    fn has(self, any: u8) -> bool {
        self.0 & any != 0
    }

    /// Returns `true` if the code is inside of any frame.
    pub(crate) fn is_inside(self) -> bool {
        self.has(INSIDE)
    }

    /// Returns `true` if the values that the code takes from the cache become part of the entry of a
    /// computation.
    pub(crate) fn is_recorded(self) -> bool {
        self.has(RECORDED)
    }

    /// Returns `true` if cached calls go past the cache.
    pub(crate) fn bypasses(self) -> bool {
        self.has(IN_TRANSACTION | BYPASSES)
    }

    /// Returns `true` if cached calls compute anew, each key once.
    pub(crate) fn refreshes(self) -> bool {
        self.has(REFRESHES)
    }

    /// Returns `true` if cached calls take no stale value.
    pub(crate) fn takes_nothing_old(self) -> bool {
        self.has(TAKES_NOTHING_OLD)
    }

    /// Returns `true` if an observer sees the cached calls.
    pub(crate) fn is_observed(self) -> bool {
        self.has(OBSERVED)
    }

    /// Returns `true` if a call of `owner` has to compute the value of `key`, because it is the
    /// first call for that key in a scope of `refresh(future)`.
    pub(crate) fn is_refresh_due(self, owner: OwnerId, key: &[u8]) -> bool {
        self.refreshes() && refresh_scope().is_some_and(|scope| scope.is_due(owner, key))
    }
}

/// Returns the surroundings of the running code.
#[inline]
pub(crate) fn surroundings() -> Surroundings {
    SURROUNDINGS.get()
}

/// Calls `record` with the record of the computation that the running code is inside of. Does
/// nothing if no computation records.
pub(crate) fn record(record: impl FnOnce(&mut Taken)) {
    if !surroundings().is_recorded() {
        return;
    }
    let _ = CURRENT.try_with(|current| {
        let current = &mut *current.borrow_mut();
        record(current.taken.get_or_insert_default());
    });
}

/// Returns the frame that records the values that code inside of `frame` takes: the frame of the
/// innermost computation. Returns `None` if there is none, or if an untracked scope is nearer.
fn recording(frame: &Arc<Frame>) -> Option<&Arc<Frame>> {
    let mut frame = Some(frame);
    while let Some(it) = frame {
        match it.kind {
            FrameKind::Untracked => return None,
            FrameKind::Computation | FrameKind::Write | FrameKind::Refresh => return Some(it),
            FrameKind::Transaction
            | FrameKind::Bypass
            | FrameKind::RefreshAll(_)
            | FrameKind::Observed(_)
            | FrameKind::Uncached => frame = it.outer.as_ref(),
        }
    }
    None
}

/// Calls `f` with the observations of each observer of the running code, the innermost first, and
/// with `true` if the code is inside of the computation of a call that the observer sees.
pub(crate) fn for_each_observer(mut f: impl FnMut(&Arc<Observations>, bool)) {
    let mut is_nested = false;
    let _ = any(|frame| {
        match &frame.kind {
            FrameKind::Computation | FrameKind::Refresh | FrameKind::Uncached => is_nested = true,
            FrameKind::Observed(observations) => f(observations, is_nested),
            _ => {}
        }
        false
    });
}

/// Returns the innermost scope of the running code whose calls compute anew.
pub(crate) fn refresh_scope() -> Option<Arc<RefreshScope>> {
    let mut found = None;
    let _ = any(|frame| {
        if let FrameKind::RefreshAll(scope) = &frame.kind {
            found = Some(Arc::clone(scope));
        }
        found.is_some()
    });
    found
}

/// Returns `true` if `is_meant` accepts any of the frames of the running code.
pub(crate) fn any(mut is_meant: impl FnMut(&Frame) -> bool) -> bool {
    let found = with_current(|current| {
        let mut frame = Some(current);
        while let Some(it) = frame {
            if is_meant(it) {
                return true;
            }
            frame = it.outer.as_ref();
        }
        false
    });
    found.unwrap_or(false)
}

/// Place of a computation's frame while the computation is not polled. While the computation is
/// polled, the place has the frame and the record of the code around the computation. Kept in the
/// heap and not on the stack: cached functions may be recursive, so their polls nest.
#[derive(Default)]
pub(crate) struct FrameSlot {
    frame: Option<Arc<Frame>>,
    /// Record of what the code around the frame took before it entered the frame.
    outer: Option<Box<Taken>>,
    /// `true` if the thread's table (L0) was lent when the frame was entered.
    pub(crate) has_lent: bool,
}

impl FrameSlot {
    pub(crate) fn new(frame: Option<Arc<Frame>>) -> Self {
        Self {
            frame,
            ..Self::default()
        }
    }

    /// Returns `true` if the slot has a frame that can be entered.
    pub(crate) fn is_some(&self) -> bool {
        self.frame.is_some()
    }

    /// Returns the frame; `None` without a frame. While the frame is entered, this is the frame of the
    /// code around it.
    pub(crate) fn frame(&self) -> Option<&Arc<Frame>> {
        self.frame.as_ref()
    }

    /// Puts the frame that `frame` creates into the slot, unless the slot has a frame.
    pub(crate) fn set_once(&mut self, frame: impl FnOnce() -> Arc<Frame>) {
        self.frame.get_or_insert_with(frame);
    }

    /// Makes the frame in the slot the current one of this thread.
    pub(crate) fn enter(&mut self) {
        self.outer = swap_current(&mut self.frame, None);
    }

    /// Leaves the frame that [`enter`](Self::enter) entered, and adds the values that the code took
    /// to the frame's record.
    pub(crate) fn leave(&mut self) {
        let taken = swap_current(&mut self.frame, self.outer.take());
        if let (Some(frame), Some(taken)) = (&self.frame, taken) {
            frame.add(taken);
        }
    }
}

/// Swaps the frame in `slot` with the current frame of this thread, and makes `taken` the record of
/// the frame that is entered. Returns the record of the frame that was left.
fn swap_current(slot: &mut Option<Arc<Frame>>, taken: Option<Box<Taken>>) -> Option<Box<Taken>> {
    // When the thread ends, there is no current frame left.
    let left = CURRENT.try_with(|current| {
        let current = &mut *current.borrow_mut();
        swap(&mut current.frame, slot);
        let entered = current.frame.as_deref();
        SURROUNDINGS.set(entered.map_or(Surroundings::NONE, |it| it.surroundings));
        replace(&mut current.taken, taken)
    });
    left.ok().flatten()
}
