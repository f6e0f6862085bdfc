//! The runtime that drives the tasks of one cache's shared tier (L2). The runtime may be replaced
//! while the cache lives.
//!
//! The home is the runtime on which the cache was built, or a runtime on a thread of the cache's
//! own. If the home ends, its tasks end with it. The next call that needs the tasks then makes the
//! caller's runtime the home, and begins the tasks again there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle, Id};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::base::sync::RwLock;

/// The name of the thread that drives the home of a cache with a thread of its own.
const THREAD: &str = "cachekit";

/// The runtime that drives the tasks of one cache's shared tier (L2).
#[derive(Debug)]
pub(crate) struct HomeRuntime {
    handle: RwLock<Handle>,
    /// The number of runtimes that have been the home so far, the present one included.
    number: AtomicU64,
    /// The greatest number of a home whose tasks have ended.
    ended: AtomicU64,
    /// `true` while it is unknown if the home still runs its tasks.
    is_doubted: AtomicBool,
    /// Keeps the cache's own thread alive until it is dropped. `None` without such a thread.
    _own_thread: Option<oneshot::Sender<()>>,
}

impl HomeRuntime {
    /// Makes the caller's runtime the home. Panics outside of a tokio runtime.
    pub(crate) fn current() -> Arc<Self> {
        Self::new(Handle::current(), None)
    }

    /// Starts a thread whose runtime is the home. The thread ends when the last reference to the
    /// returned value is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system gives no thread, or no poll for sockets.
    pub(crate) fn own_thread() -> io::Result<Arc<Self>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, dropped) = oneshot::channel();
        thread::Builder::new()
            .name(THREAD.to_owned())
            // The sender sends nothing: the wait ends with an error when the sender is dropped.
            .spawn(move || drop(runtime.block_on(dropped)))?;
        Ok(Self::new(handle, Some(alive)))
    }

    fn new(handle: Handle, own_thread: Option<oneshot::Sender<()>>) -> Arc<Self> {
        Arc::new(Self {
            handle: RwLock::new(handle),
            number: AtomicU64::new(1),
            ended: AtomicU64::new(0),
            is_doubted: AtomicBool::new(false),
            _own_thread: own_thread,
        })
    }

    fn handle(&self) -> Handle {
        let handle = self.handle.read();
        handle.clone()
    }

    pub(crate) fn id(&self) -> Id {
        let handle = self.handle.read();
        handle.id()
    }

    /// Spawns `future` on the home. If the home has ended and the caller runs in a tokio runtime,
    /// spawns `future` there, because the home would drop it.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        // The lock is released before the spawn: a runtime that has ended drops `future` at once.
        let home = self.handle();
        let current = self.has_ended().then(|| Handle::try_current().ok());
        current.flatten().unwrap_or(home).spawn(future)
    }

    /// Returns `true` if the tasks of the home have ended, because their runtime has.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire) >= self.number.load(Ordering::Acquire)
    }

    /// Returns `true` while it is unknown if the home still runs its tasks. A call that needs the
    /// tasks would wait in vain.
    pub(crate) fn is_doubted(&self) -> bool {
        self.is_doubted.load(Ordering::Acquire)
    }

    /// Begins to doubt that the home runs its tasks. The doubt ends when the returned guard is
    /// dropped. Returns `None` if the home is doubted already.
    pub(crate) fn doubt(self: &Arc<Self>) -> Option<Doubt> {
        let was_doubted = self.is_doubted.swap(true, Ordering::AcqRel);
        (!was_doubted).then(|| Doubt(Arc::clone(self)))
    }

    /// Makes `handle` the home. Tasks of the previous home stay where they are. If that home has
    /// ended, [`has_ended`](Self::has_ended) is `true` until [`begin`](Self::begin) is called.
    pub(crate) fn move_to(&self, handle: Handle) {
        *self.handle.write() = handle;
    }

    /// Records that the tasks run on the home that [`move_to`](Self::move_to) set.
    pub(crate) fn begin(&self) {
        self.number.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns a guard for a task of the present home. The home has ended when the guard is
    /// dropped.
    pub(crate) fn end_guard(self: &Arc<Self>) -> EndGuard {
        EndGuard {
            number: self.number.load(Ordering::Acquire),
            home: Arc::clone(self),
        }
    }
}

/// A doubt that the home runs its tasks, until this guard is dropped.
#[derive(Debug)]
pub(crate) struct Doubt(Arc<HomeRuntime>);

impl Drop for Doubt {
    fn drop(&mut self) {
        self.0.is_doubted.store(false, Ordering::Release);
    }
}

/// A guard inside of a task that runs for as long as its home does. The drop of the guard records
/// that the home has ended.
#[derive(Debug)]
pub(crate) struct EndGuard {
    home: Arc<HomeRuntime>,
    number: u64,
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        // An earlier home that ends late does not end the present one.
        self.home.ended.fetch_max(self.number, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        let builder = Builder::new_current_thread().build();
        builder.expect("a runtime")
    }

    async fn task(_end: EndGuard) {
        pending::<()>().await;
    }

    #[test]
    fn a_home_ends_with_its_runtime_and_not_with_an_earlier_one() {
        let (first, second) = (runtime(), runtime());
        let home = first.block_on(async { HomeRuntime::current() });
        home.spawn(task(home.end_guard()));
        assert!(!home.has_ended());
        home.move_to(second.handle().clone());
        home.begin();
        home.spawn(task(home.end_guard()));
        drop(first);
        assert!(!home.has_ended());
        drop(second);
        assert!(home.has_ended());
        let third = runtime();
        let spawned = third.block_on(async { home.spawn(async { 1 }).await });
        assert_eq!(spawned.expect("it runs where the caller does"), 1);
    }

    #[test]
    fn a_thread_of_its_own_ends_with_the_last_reference() {
        let home = HomeRuntime::own_thread().expect("a thread");
        let (said, hears) = std::sync::mpsc::channel::<()>();
        let spawned = home.spawn(async move {
            let name = thread::current().name().map(str::to_owned);
            assert_eq!(name.as_deref(), Some(THREAD));
            pending::<()>().await;
            drop(said);
        });
        drop((home, spawned));
        assert!(hears.recv().is_err(), "the task was dropped");
    }
}
