//! Shared pieces of the tests: a computation under control, many callers, and a real Redis with a
//! network that fails on demand.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cachekit::{Cache, CacheBuilder, Diagnosis, Severity};
use tokio::sync::Semaphore;

pub use self::source::Source;

#[cfg(not(cachekit_faults))]
compile_error!(
    "the tests remove guards: leave `RUSTFLAGS` unset, or add `--cfg cachekit_faults` to it (`.cargo/config.toml`)"
);

pub mod args;
pub mod capture;
pub mod clock;
pub mod cluster;
pub mod entry;
pub mod floors;
pub mod http_exchange;
pub mod ports;
pub mod proxy;
pub mod redis;
pub mod relay;
#[cfg(cachekit_faults)]
pub mod scripts;
pub mod sentinel;
mod source;

/// A step of a computation that waits until the test lets it go on, and tells that it was
/// reached: interleavings without a single sleep.
#[derive(Debug, Clone)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        let closed = || Arc::new(Semaphore::new(0));
        Self {
            arrived: closed(),
            open: closed(),
            passed: Arc::default(),
        }
    }

    /// In the computation: says that it got here, and waits.
    ///
    /// # Panics
    ///
    /// Never: the gate is not closed for good.
    pub async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.expect("open").forget();
        self.passed.fetch_add(1, Ordering::SeqCst);
    }

    /// In the test: waits until one more computation got here.
    ///
    /// # Panics
    ///
    /// Never: the gate is not closed for good.
    pub async fn arrived(&self) {
        self.arrived.acquire().await.expect("open").forget();
    }

    /// Lets one computation go on.
    pub fn open(&self) {
        self.open.add_permits(1);
    }

    /// Lets every computation go on, those to come too.
    pub fn open_for_all(&self) {
        self.open.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// How many computations are here and have not been waited for.
    pub fn waiting(&self) -> usize {
        self.arrived.available_permits()
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// Names the engine of the memory tier for a whole run of tests: `moka` or `quick-cache`.
pub const ENGINE: &str = "CACHEKIT_TEST_ENGINE";

/// Begins to set up a cache, with the engine that [`ENGINE`] names, if it does.
///
/// # Panics
///
/// If it names none.
pub fn builder() -> CacheBuilder {
    match std::env::var(ENGINE) {
        Ok(name) => Cache::builder().engine(name.parse().expect("an engine")),
        Err(_) => Cache::builder(),
    }
}

/// Settings of a cache of the namespace `shop` over the Redis at `url`, which waits longer for Redis
/// than by default: a call that Redis answers late computes alone, and its value is not stored.
pub fn patient(url: impl Into<String>) -> CacheBuilder {
    let builder = builder().namespace("shop").redis(url);
    builder.redis_timeout(Duration::from_secs(2))
}

/// Polls `future` once.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs `test` on a thread that has called nothing yet, and draws the same at each run.
///
/// # Panics
///
/// If `test` does.
pub fn on_new_thread<T: Send>(test: impl AsyncFnOnce() -> T + Send) -> T {
    let run = || {
        fastrand::seed(1);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test())
    };
    let outcome = std::thread::scope(|threads| threads.spawn(run).join());
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Waits until `condition` holds, where that is up to a real Redis; what nobody waits for happens a
/// little later.
///
/// # Panics
///
/// If it does not within ten seconds.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain until {what}");
}

/// Asks `condition` every 5 ms until it holds. Returns `false` if it does not in 2,000 attempts.
pub async fn becomes(mut condition: impl AsyncFnMut() -> bool) -> bool {
    for _ in 0..2_000 {
        if condition().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

/// Lets every other task of a current-thread runtime run until it waits.
pub async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// The findings of the doctor that are no mere information, as `severity subject: problem`.
pub fn problems(diagnosis: &Diagnosis) -> Vec<String> {
    let findings = diagnosis.findings.iter();
    let severe = findings.filter(|finding| finding.severity != Severity::Info);
    severe
        .map(|it| format!("{} {}: {}", it.severity, it.subject, it.problem))
        .collect()
}
