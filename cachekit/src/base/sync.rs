//! Locks, semaphores and atomics.
//!
//! `tests/models` compiles the code of flights with another module of this name. In that module,
//! every operation on a lock or an atomic is a point at which threads may switch, so a search of
//! interleavings sees all orders.
//!
//! No lock is held while a user's code runs. For example, a destructor may call a cached function,
//! which would wait for ever for a lock that its own thread holds. In builds with debug assertions,
//! each thread counts the locks of this module that it holds, and [`expect_no_lock`] checks the
//! count wherever a user's code is about to run.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

pub(crate) use tokio::sync::Semaphore;
pub(crate) use tokio::time::timeout;

use crate::base::sync::held::Held;

/// A mutex that a panic does not poison. Code that holds the lock must leave the value consistent
/// wherever the code may panic.
#[derive(Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

/// Access to the value of a [`Mutex`], which is locked until this `MutexGuard` is dropped.
pub(crate) struct MutexGuard<'a, T> {
    guard: std::sync::MutexGuard<'a, T>,
    _held: Held,
}

/// A lock for many readers or one writer, which a panic does not poison.
#[derive(Default)]
pub(crate) struct RwLock<T>(std::sync::RwLock<T>);

/// Read access to the value of a [`RwLock`]. No writer gets access until this `ReadGuard` is
/// dropped.
pub(crate) struct ReadGuard<'a, T> {
    guard: std::sync::RwLockReadGuard<'a, T>,
    _held: Held,
}

/// Write access to the value of a [`RwLock`]. No other thread gets access until this `WriteGuard`
/// is dropped.
pub(crate) struct WriteGuard<'a, T> {
    guard: std::sync::RwLockWriteGuard<'a, T>,
    _held: Held,
}

/// Returns the lock guard in `locked`, the result of locking a standard-library lock. Also returns
/// the lock guard if the lock is poisoned (a thread panicked while it held the lock).
#[inline]
pub(crate) fn unpoisoned<G>(locked: Result<G, PoisonError<G>>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            guard: unpoisoned(self.0.lock()),
            _held: Held::new(),
        }
    }
}

impl<T> RwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::RwLock::new(value))
    }

    #[inline]
    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        ReadGuard {
            guard: unpoisoned(self.0.read()),
            _held: Held::new(),
        }
    }

    #[inline]
    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        WriteGuard {
            guard: unpoisoned(self.0.write()),
            _held: Held::new(),
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Panics, in builds with debug assertions, if this thread holds a lock of the cache.
///
/// The cache calls this function wherever a user's code is about to run.
#[inline]
#[track_caller]
pub(crate) fn expect_no_lock() {
    debug_assert_eq!(
        held::count(),
        0,
        "a user's code would run while a lock is held"
    );
}

#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }

    /// A mark inside the value that keeps a lock locked (`MutexGuard`, `ReadGuard`, `WriteGuard`).
    /// While the mark lives, this thread's count of held locks includes the lock.
    pub(crate) struct Held(());

    impl Held {
        pub(crate) fn new() -> Self {
            COUNT.set(COUNT.get() + 1);
            Self(())
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            COUNT.set(COUNT.get() - 1);
        }
    }

    pub(crate) fn count() -> usize {
        COUNT.get()
    }
}

#[cfg(not(debug_assertions))]
mod held {
    /// A mark inside the value that keeps a lock locked (`MutexGuard`, `ReadGuard`, `WriteGuard`),
    /// for builds without debug assertions. The mark does nothing, because these builds do not
    /// count the locks that a thread holds.
    pub(crate) struct Held;

    impl Held {
        pub(crate) fn new() -> Self {
            Self
        }
    }

    pub(crate) fn count() -> usize {
        0
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    fn is_refused() -> bool {
        std::panic::catch_unwind(expect_no_lock).is_err()
    }

    #[test]
    fn a_lock_that_is_held_is_noticed_on_its_thread_and_until_it_is_free() {
        let (mutex, shared) = (Mutex::new(1), RwLock::<u8>::default());
        assert!(!is_refused());
        let guard = mutex.lock();
        assert!(is_refused());
        assert!(!std::thread::spawn(is_refused).join().expect("it ends"));
        let reader = shared.read();
        drop(guard);
        assert!(is_refused());
        drop(reader);
        assert!(!is_refused());
        let writer = shared.write();
        assert!(is_refused());
        drop(writer);
        assert!(!is_refused());
    }

    #[test]
    fn a_panic_poisons_nothing() {
        let mutex = Mutex::new(1);
        let hold = std::panic::AssertUnwindSafe(|| {
            let mut guard = mutex.lock();
            *guard = 2;
            panic!("on purpose");
        });
        assert!(std::panic::catch_unwind(hold).is_err());
        assert_eq!(*mutex.lock(), 2);
        expect_no_lock();
    }
}
