//! The primitives of the flights, with a switching point before every step.

use std::pin::pin;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;

use shuttle::rand::Rng as _;

pub(crate) use shuttle::sync::MutexGuard;
pub(crate) use std::sync::atomic::Ordering;

/// Lets another task go on, or not.
pub(crate) fn step() {
    shuttle::sync::atomic::AtomicBool::new(false).load(Ordering::SeqCst);
}

/// Returns the guard of a standard lock, also if a thread panicked while it held the lock.
pub(crate) fn unpoisoned<G>(locked: Result<G, PoisonError<G>>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

/// The search's own, which no panic poisons.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        unpoisoned(self.0.lock())
    }
}

/// The standard ones. The search's own switch after an operation too, and so between it and what
/// is noted about it.
macro_rules! atomics {
    ($($name:ident($value:ty) { $($operation:ident($($given:ident: $type:ty),*) $(-> $gives:ty)?;)* })*) => {$(
        #[derive(Debug)]
        pub(crate) struct $name(std::sync::atomic::$name);

        impl $name {
            pub(crate) const fn new(value: $value) -> Self {
                Self(std::sync::atomic::$name::new(value))
            }

            $(pub(crate) fn $operation(&self, $($given: $type,)* order: Ordering) $(-> $gives)? {
                step();
                self.0.$operation($($given,)* order)
            })*
        }
    )*};
}

atomics! {
    AtomicBool(bool) {
        load() -> bool;
        store(value: bool);
    }
    AtomicU64(u64) {
        load() -> u64;
        store(value: u64);
        fetch_add(value: u64) -> u64;
    }
    AtomicUsize(usize) {
        fetch_add(value: usize) -> usize;
        fetch_sub(value: usize) -> usize;
    }
}

/// The standard one, whose operations are steps.
#[derive(Debug)]
pub(crate) struct OnceLock<T>(std::sync::OnceLock<T>);

impl<T> OnceLock<T> {
    pub(crate) const fn new() -> Self {
        Self(std::sync::OnceLock::new())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        step();
        self.0.get()
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        step();
        self.0.set(value)
    }
}

/// The runtime's, whose operations are steps: what is searched is how it is used.
#[derive(Debug)]
pub(crate) struct Semaphore(tokio::sync::Semaphore);

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Self {
        Self(tokio::sync::Semaphore::new(permits))
    }

    pub(crate) async fn acquire(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Closed> {
        step();
        let permit = self.0.acquire().await;
        step();
        permit.map_err(|_| Closed)
    }

    pub(crate) fn add_permits(&self, count: usize) {
        step();
        self.0.add_permits(count);
    }

    pub(crate) fn close(&self) {
        step();
        self.0.close();
    }
}

#[derive(Debug)]
pub(crate) struct Closed;

/// Time passes when the search says so: before `future` is ready, or after. Without a limit
/// (the longest there is) it does not pass.
pub(crate) async fn timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut passes = limit < Duration::MAX && shuttle::rand::thread_rng().gen_ratio(1, 2);
    let mut left = 3;
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        if passes {
            left -= 1;
            passes = left > 0;
            if !passes {
                return Poll::Ready(Err(Elapsed));
            }
            context.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}

#[derive(Debug)]
pub(crate) struct Elapsed;
