//! The calls that an observer has seen: the scopes of `with_source` and `observed`.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::sync::Mutex;
use crate::model::source::{Observed, ObservedCall, Source};

/// Number of the next background task. The number zero means code that runs for a caller.
static NEXT_TASK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The background task that is polled on this thread. Zero: none.
    static TASK: Cell<u64> = const { Cell::new(0) };
}

/// The calls that one observer has seen.
#[derive(Debug)]
pub(crate) struct Observations {
    /// Largest number of listed calls.
    most: usize,
    /// The background task in which the scope began. Zero: none.
    task: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The calls in the order in which they began. `None`: not answered yet, or dropped.
    calls: Vec<Option<ObservedCall>>,
    more: usize,
    source: Source,
}

/// The place of a call in a list of [`Observations`]. `None`: the list was full.
pub(crate) type Place = Option<usize>;

impl Observations {
    /// Creates the observations of a scope that begins now, and lists at most `most` calls.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            task: background_task(),
            state: Mutex::new(State {
                calls: Vec::new(),
                more: 0,
                source: Source::NONE,
            }),
        })
    }

    /// Returns `true` if the running code belongs to this scope. Returns `false` for a computation
    /// that continues in the background, where no caller waits for it.
    pub(crate) fn sees_running_code(&self) -> bool {
        let task = background_task();
        task == 0 || task == self.task
    }

    /// Reserves the place of a call that begins now.
    pub(crate) fn reserve(&self) -> Place {
        let calls = &mut self.state.lock().calls;
        let place = calls.len();
        (place < self.most).then(|| {
            calls.push(None);
            place
        })
    }

    /// Adds `call`, which was answered, at its `place`.
    pub(crate) fn add(&self, place: Place, call: ObservedCall) {
        let mut state = self.state.lock();
        if !call.is_nested {
            state.source.add(call.tier, call.is_stale, call.age);
        }
        match place.and_then(|place| state.calls.get_mut(place)) {
            Some(free) => *free = Some(call),
            None => state.more += 1,
        }
    }

    /// Takes out everything that was seen.
    pub(crate) fn take(&self) -> Observed {
        let mut state = self.state.lock();
        Observed {
            calls: state.calls.drain(..).flatten().collect(),
            more: state.more,
            source: state.source,
        }
    }
}

/// Returns the number of the background task that is polled on this thread; zero if there is none.
fn background_task() -> u64 {
    TASK.try_with(Cell::get).unwrap_or_default()
}

/// Runs `task` as a background task. The observers of the callers that began the task do not see
/// what the task still does.
pub(crate) async fn unseen<T>(task: impl Future<Output = T>) -> T {
    let number = NEXT_TASK.fetch_add(1, Ordering::Relaxed);
    let mut task = pin!(task);
    std::future::poll_fn(|context| {
        let _restore = Restore(TASK.replace(number));
        task.as_mut().poll(context)
    })
    .await
}

/// Value whose drop restores the number of the thread's background task.
struct Restore(u64);

impl Drop for Restore {
    fn drop(&mut self) {
        TASK.set(self.0);
    }
}
