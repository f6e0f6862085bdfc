//! The tasks of the shared tier (L2) that run for as long as the cache: connections, heartbeats and
//! recovery. If the runtime that drives the tasks ends or stands still, the next call that needs
//! the tasks begins them again on its own runtime.

#[cfg(all(test, cachekit_faults))]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::base::clock::{Clock, Tick};
use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::home_runtime::HomeRuntime;
use crate::base::runtime::{has_io, has_timer};
use crate::base::sync::Mutex;
use crate::base::trace;
use crate::l2::bus::heartbeat_task::{ECHOES, run_heartbeat};
use crate::l2::invalidation_batcher::InvalidationBatcher;
use crate::l2::open_writes::sweeper::Sweeper;
use crate::l2::recovery::Recovery;
use crate::store::write_mark::BEAT;

/// The number of periods of `bus_timeout` in which the heartbeat task did not run, after which a
/// call asks the home runtime for a sign of life.
const MISSED_BEATS: u32 = 2;

/// The shortest time that the home runtime gets to give a sign of life when a call asks for one.
const SHORTEST_ANSWER: Duration = Duration::from_millis(250);

/// The interval at which a call looks if the store is connected again.
const LOOK: Duration = Duration::from_millis(1);

/// The tasks of the shared tier, with everything that is needed to begin them again.
pub(crate) struct TierTasks {
    pub(crate) home: Arc<HomeRuntime>,
    /// The recovery task before its start, with the parts of the cache that all tasks share.
    parts: Recovery,
    /// The batches of invalidations, which tasks on the home send.
    invalidations: Arc<InvalidationBatcher>,
    clock: Arc<dyn Clock>,
    bus_timeout: Duration,
    /// `true` if this node carries out the marks of dead processes.
    sweeps: bool,
    /// Notifies the recovery task that the cache is dropped, so that the task sends the outbox and
    /// ends.
    abandoned: Arc<Notify>,
    /// `true` after the cache was dropped: the tasks are not begun again, except to send the
    /// outbox.
    is_abandoned: AtomicBool,
    /// `true` from a restart of the tasks until the store is connected, or a call has waited for
    /// that in vain.
    is_starting: AtomicBool,
    /// `true` while a task on another runtime than the home makes sure that the outbox is sent.
    is_watched: AtomicBool,
    running: Mutex<Running>,
}

/// A guard in the task that makes sure that the outbox is sent. When the guard is dropped,
/// `is_watched` becomes `false`.
struct Watch(Arc<TierTasks>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.is_watched.store(false, Ordering::Release);
    }
}

/// The tasks of the shared tier that run now, each with a handle that can stop it.
struct Running {
    heartbeat: AbortHandle,
    recovery: AbortHandle,
    /// The task that carries out the marks of dead processes. `None` without marks.
    sweeper: Option<AbortHandle>,
    /// The number of times that the tasks were begun again.
    restarts: u64,
    /// The last runtime on which the tasks could not be begun, so that this is reported once.
    unfit: Option<Id>,
}

impl Running {
    fn abort_sweeper(&mut self) {
        if let Some(sweeper) = self.sweeper.take() {
            sweeper.abort();
        }
    }
}

/// The reason for which the tasks have to be begun again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The home has ended, and its tasks with it.
    Ended,
    /// The home exists, but nothing drives it. The number is the count of restarts at the moment
    /// when a call asked the home for a sign of life.
    StandsStill(u64),
}

impl TierTasks {
    /// Begins the tasks of the shared tier on the runtime `home`. The tasks use `parts`, which are
    /// parts of the cache. Tasks that send batches of `invalidations` begin as calls need them.
    pub(crate) fn begin(
        home: Arc<HomeRuntime>,
        parts: Recovery,
        invalidations: Arc<InvalidationBatcher>,
        clock: Arc<dyn Clock>,
        (bus_timeout, sweeps): (Duration, bool),
    ) -> Arc<Self> {
        if !sweeps || removed!(parts.bus.terms, SweepLate) {
            parts.bus.sweeps.begin();
        }
        let abandoned = Arc::new(Notify::new());
        parts.bus.note_beat(Tick::now(&*clock));
        let running = Running {
            heartbeat: spawn_heartbeat(&home, &parts, &clock, bus_timeout),
            recovery: spawn_recovery(&home, &parts, &abandoned),
            sweeper: sweeps.then(|| spawn_sweeper(&home, &parts, bus_timeout)),
            restarts: 0,
            unfit: None,
        };
        Arc::new(Self {
            home,
            parts,
            invalidations,
            clock,
            bus_timeout,
            sweeps,
            abandoned,
            is_abandoned: AtomicBool::new(false),
            is_starting: AtomicBool::new(false),
            is_watched: AtomicBool::new(false),
            running: Mutex::new(running),
        })
    }

    /// Begins the tasks again on the caller's runtime if their home has ended. If the home has not
    /// run its tasks for a long time, asks the home for a sign of life.
    pub(crate) fn ensure_driven(self: &Arc<Self>) {
        let is_abandoned = self.is_abandoned.load(Ordering::Acquire);
        if is_abandoned || removed!(self.parts.bus.terms, KeepEndedHome) {
            return;
        }
        if self.home.has_ended() {
            self.begin_again(Cause::Ended);
        } else if self.is_overdue() {
            self.question_home();
        }
    }

    /// Makes sure that the names in the outbox are sent, even if the home ends before it has sent
    /// them, and no later call notices that. For this purpose, a task on the caller's runtime
    /// checks the home regularly until the outbox is empty.
    pub(crate) fn watch_outbox(self: &Arc<Self>) {
        self.ensure_driven();
        let Ok(current) = Handle::try_current() else {
            return;
        };
        let id = current.id();
        let is_needed = self.needs_watch(id) && has_timer();
        if !is_needed || self.is_watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let watch = Watch(Arc::clone(self));
        current.spawn(async move {
            let tasks = &watch.0;
            while tasks.needs_watch(id) {
                sleep(tasks.bus_timeout).await;
                tasks.ensure_driven();
            }
        });
    }

    /// Returns a wait until the store is connected after a restart of the tasks, for the time limit
    /// of a call at most. Returns `None` if there is nothing to wait for.
    pub(crate) fn starting(self: &Arc<Self>) -> Option<impl Future<Output = ()> + Send + 'static> {
        let is_starting = self.is_starting() && has_timer();
        is_starting.then(|| Arc::clone(self).wait_until_connected())
    }

    /// Returns `true` if the store is about to be connected after a restart of the tasks.
    pub(crate) fn is_starting(&self) -> bool {
        self.is_starting.load(Ordering::Acquire)
    }

    /// Ends the heartbeats, and lets the recovery task end when it has sent the outbox.
    pub(crate) fn abandon(self: &Arc<Self>) {
        if !self.parts.bus.outbox.is_clear() {
            // Without its home, nothing would send the outbox.
            self.ensure_driven();
        }
        self.is_abandoned.store(true, Ordering::Release);
        let mut running = self.running.lock();
        running.heartbeat.abort();
        running.abort_sweeper();
        drop(running);
        self.abandoned.notify_one();
    }

    /// Returns `true` while the runtime `id` must check that the home sends the outbox.
    fn needs_watch(&self, id: Id) -> bool {
        let is_abandoned = self.is_abandoned.load(Ordering::Acquire);
        !is_abandoned && !self.parts.bus.outbox.is_clear() && self.home.id() != id
    }

    async fn wait_until_connected(self: Arc<Self>) {
        let end = from_now(self.parts.call_timeout);
        while self.is_starting() && !self.parts.store.is_up() && Instant::now() < end {
            sleep(LOOK).await;
        }
        self.is_starting.store(false, Ordering::Release);
    }

    fn is_overdue(&self) -> bool {
        let silence = Tick::now(&*self.clock).since(self.parts.bus.last_beat());
        // After the goodbye, there are no heartbeats.
        silence > self.bus_timeout * MISSED_BEATS && !self.parts.bus.liveness.is_over()
    }

    /// Asks the home for a sign of life, from the caller's runtime. Without an answer, the tasks
    /// are begun again. Until the home answers or the tasks are begun again, calls do not use the
    /// store.
    #[cold]
    fn question_home(self: &Arc<Self>) {
        let Ok(current) = Handle::try_current() else {
            return;
        };
        if current.id() == self.home.id() {
            // The caller is driven by the home.
            self.parts.bus.note_beat(Tick::now(&*self.clock));
            return;
        }
        if !has_timer() {
            return;
        }
        let Some(doubt) = self.home.doubt() else {
            return;
        };
        let restarts = self.running.lock().restarts;
        let answer = self.home.spawn(async {});
        let tasks = Arc::clone(self);
        current.spawn(async move {
            let limit = tasks.bus_timeout.max(SHORTEST_ANSWER);
            if timeout(limit, answer).await.is_ok() {
                tasks.parts.bus.note_beat(Tick::now(&*tasks.clock));
            } else {
                tasks.begin_again(Cause::StandsStill(restarts));
            }
            drop(doubt);
        });
    }

    /// Begins the tasks again on the caller's runtime, unless another call has done so. Memory is
    /// trusted again when a new subscription has begun.
    #[cold]
    fn begin_again(self: &Arc<Self>, cause: Cause) {
        let Ok(current) = Handle::try_current() else {
            return;
        };
        if self.running.lock().unfit == Some(current.id()) {
            return;
        }
        let is_fit = has_timer() && has_io();
        let mut running = self.running.lock();
        let is_needed = match cause {
            Cause::Ended => self.home.has_ended(),
            Cause::StandsStill(restarts) => running.restarts == restarts,
        };
        if !is_needed {
            return;
        }
        if is_fit {
            self.move_tasks(&mut running, current);
        } else {
            running.unfit = Some(current.id());
        }
        drop(running);
        match cause {
            Cause::Ended => trace::home_ended(is_fit),
            Cause::StandsStill(_) => trace::home_stands_still(is_fit),
        }
    }

    /// Makes the runtime `current` the home, and begins all tasks again there. A task on a previous
    /// home that stands still is not moved: if that runtime runs again, the task ends.
    fn move_tasks(&self, running: &mut Running, current: Handle) {
        running.heartbeat.abort();
        running.recovery.abort();
        running.abort_sweeper();
        self.home.move_to(current);
        self.parts.breaker.abandon_attempt();
        self.parts.bus.note_beat(Tick::now(&*self.clock));
        self.parts.store.begin_tasks();
        self.invalidations.begin_again();
        // Before the home begins: a call that sees the new home waits for the new connection.
        self.is_starting.store(true, Ordering::Release);
        self.home.begin();
        running.heartbeat = spawn_heartbeat(&self.home, &self.parts, &self.clock, self.bus_timeout);
        running.recovery = spawn_recovery(&self.home, &self.parts, &self.abandoned);
        let sweeper = || spawn_sweeper(&self.home, &self.parts, self.bus_timeout);
        running.sweeper = self.sweeps.then(sweeper);
        running.restarts += 1;
    }
}

impl fmt::Debug for TierTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TierTasks")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

fn spawn_heartbeat(
    home: &HomeRuntime,
    parts: &Recovery,
    clock: &Arc<dyn Clock>,
    bus_timeout: Duration,
) -> AbortHandle {
    let (bus, store) = (Arc::clone(&parts.bus), Arc::clone(&parts.store));
    let clock = Arc::clone(clock);
    home.spawn(run_heartbeat(bus, store, clock, bus_timeout))
        .abort_handle()
}

fn spawn_sweeper(home: &HomeRuntime, parts: &Recovery, bus_timeout: Duration) -> AbortHandle {
    let sweeper = Sweeper {
        bus: Arc::clone(&parts.bus),
        store: Arc::clone(&parts.store),
        // A cache that seldom sends a heartbeat seldom sweeps.
        beat: (bus_timeout / ECHOES).max(BEAT),
    };
    home.spawn(sweeper.run()).abort_handle()
}

/// Spawns the recovery task on the home. The task runs for as long as the cache, so its end shows
/// that the home has ended.
fn spawn_recovery(
    home: &Arc<HomeRuntime>,
    parts: &Recovery,
    abandoned: &Arc<Notify>,
) -> AbortHandle {
    let (end, abandoned) = (home.end_guard(), Arc::clone(abandoned));
    let recovery = parts.clone();
    let task = async move {
        let _end = end;
        recovery.run(abandoned).await;
    };
    home.spawn(task).abort_handle()
}
