//! The workers of a cache: the set-up and the handle to running ones.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::api::registry::problems_of_queues;
use crate::base::error::BuildError;
use crate::base::unknown_word::unknown;
use crate::core::queues::registered;
use crate::core::state::Cache;
use crate::global;
use crate::model::provided::Provided;
use crate::model::queue_spec::QueueSpec;
use crate::write_behind::attempts::SourceHealth;
use crate::write_behind::carry_out::Runner;
use crate::write_behind::fitness::check_fitness;
use crate::write_behind::worker::QueueWorker;

/// The number of concurrent runs of a function's body, unless `concurrency` sets another number.
const CONCURRENCY: usize = 16;

/// The interval at which `stop` looks if the workers have ended.
const LOOK: Duration = Duration::from_millis(5);

/// Workers to be started, which carry out the queued writes of write-behind functions.
///
/// Made by [`Cache::workers`].
#[must_use = "no worker runs before `start`"]
pub struct Workers {
    cache: Cache,
    provided: Provided,
    concurrency: usize,
    functions: Option<Vec<String>>,
}

/// Running workers. They run until [`stop`](Self::stop), or until the cache is shut down, also if
/// this handle is dropped.
#[derive(Debug, Clone)]
pub struct RunningWorkers {
    is_stopped: Arc<AtomicBool>,
    /// Alive while a worker runs.
    alive: Weak<()>,
    cache: Cache,
}

impl Cache {
    /// Returns workers for the write-behind functions of this program, which
    /// [`start`](Workers::start) starts.
    ///
    /// Workers may run in all processes of a service, in some of them, or in a program of their
    /// own. All workers share the work.
    pub fn workers(&self) -> Workers {
        Workers {
            cache: self.clone(),
            provided: Provided::default(),
            concurrency: CONCURRENCY,
            functions: None,
        }
    }
}

impl Workers {
    /// Gives `value` to the functions that take an argument of its type and do not queue that
    /// argument (`skip(..)`). A function that takes `&T` borrows the value; one that takes `T` gets
    /// a clone. A second value of the type replaces the first.
    pub fn provide<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.provided.add(value);
        self
    }

    /// Sets the largest number of concurrent runs of the body of each function in this process, at
    /// least 1. The default is 16.
    pub fn concurrency(mut self, runs: usize) -> Self {
        self.concurrency = runs.max(1);
        self
    }

    /// Limits the work to the functions with these names. Without this call, the workers work for
    /// all write-behind functions of the program.
    pub fn functions<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.functions = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Starts the workers, on the caller's runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if two functions have one name or write the entries of one cached function,
    /// if a function does not exist, if a value that a function takes was not provided, if the
    /// Redis server may lose queued writes, or if the cache was shut down.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub async fn start(self) -> Result<RunningWorkers, BuildError> {
        if self.cache.core.queues.is_closed() {
            return Err(error(
                "the cache was shut down",
                "start workers before the shutdown, or build another cache",
            ));
        }
        let problems = problems_of_queues();
        if !problems.is_empty() {
            return Err(BuildError::functions(problems));
        }
        let specs = self.chosen()?;
        self.check_provided(&specs)?;
        if let Err(error) = check_fitness(&self.cache.core).await {
            let remedy = "the workers were not started";
            return Err(BuildError::setting("workers", error.to_string(), remedy));
        }
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (provided, alive) = (Arc::new(self.provided), Arc::new(()));
        for spec in specs {
            let core = Arc::clone(&self.cache.core);
            let number = core.queues.workers.fetch_add(1, Ordering::Relaxed);
            let counts = core.queues.counts(spec);
            let runner = Runner {
                core,
                spec,
                provided: Arc::clone(&provided),
                counts,
                id: format!("{:016x}-{number}", fastrand::u64(..)),
                permits: Semaphore::new(self.concurrency),
                is_stopped: Arc::clone(&is_stopped),
                health: SourceHealth::default(),
                hands_back_until: OnceLock::new(),
            };
            let worker = QueueWorker {
                runner: Arc::new(runner),
                concurrency: self.concurrency,
                _alive: Arc::clone(&alive),
                _guard: self.cache.core.queues.worker(spec),
            };
            tokio::spawn(global::carried(Box::pin(worker.work())));
        }
        Ok(RunningWorkers {
            is_stopped,
            alive: Arc::downgrade(&alive),
            cache: self.cache,
        })
    }

    /// Returns the functions that the workers work for.
    fn chosen(&self) -> Result<Vec<&'static QueueSpec>, BuildError> {
        let all: Vec<_> = registered().collect();
        let Some(names) = &self.functions else {
            if all.is_empty() {
                return Err(error(
                    "this program has no function with `#[write_behind]`",
                    "link the crate that defines the functions, or start no workers",
                ));
            }
            return Ok(all);
        };
        let known = all.iter().map(|spec| spec.name());
        names
            .iter()
            .map(|name| {
                let found = all.iter().find(|spec| spec.name() == name);
                found.copied().ok_or_else(|| {
                    let problem = unknown("write-behind function", name, known.clone());
                    error(problem, "name functions as statistics do")
                })
            })
            .collect()
    }

    fn check_provided(&self, specs: &[&'static QueueSpec]) -> Result<(), BuildError> {
        let missing = specs.iter().flat_map(|spec| {
            let missing = spec
                .needs
                .iter()
                .filter(|need| !self.provided.has((need.type_id)()));
            missing.map(|need| {
                let type_name = (need.type_name)();
                format!(
                    "workers: `{}` ({}) takes `{}: {type_name}`, which is not queued; give the \
                     workers a value of that type with `provide(..)`",
                    spec.name(),
                    spec.function.location(),
                    need.argument,
                )
            })
        });
        let missing: Vec<_> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(BuildError::configuration(missing))
    }
}

impl RunningWorkers {
    /// Ends the workers. They claim nothing more, and the call returns when the running bodies have
    /// ended. Queued writes stay in the queue.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the workers end nevertheless.
    pub async fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        self.cache.core.queues.wake.notify_waiters();
        while self.alive.strong_count() > 0 {
            sleep(LOOK).await;
        }
    }
}

fn error(problem: impl Into<String>, remedy: &str) -> BuildError {
    BuildError::setting("workers", problem, remedy)
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("provided", &self.provided)
            .field("concurrency", &self.concurrency)
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}
