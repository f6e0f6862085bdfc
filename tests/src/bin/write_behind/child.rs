//! The processes that this program starts of itself, as their parent sees them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child as Process, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::truth::Truth;
use crate::worker;
use crate::writer::{self, Share};

/// The longest time that a worker takes until it works.
const START: Duration = Duration::from_secs(30);

/// The servers that all processes use, and the name of the guard that each is without.
#[derive(Debug, Clone)]
pub(crate) struct Connection<'a> {
    pub(crate) redis: String,
    pub(crate) database: &'a Path,
    pub(crate) broken: Option<&'static str>,
}

fn start(word: &str, to: &Connection<'_>, words: &[String]) -> Process {
    Command::new(std::env::current_exe().expect("this program"))
        .args([word, &to.redis])
        .arg(to.database)
        .args(words)
        .args(to.broken)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts")
}

/// Reads what a process says, in a thread, until it ends.
fn listen(process: &mut Process, mut line: impl FnMut(&str) + Send + 'static) {
    let out = BufReader::new(process.stdout.take().expect("piped"));
    thread::spawn(move || {
        for said in out.lines().map_while(Result::ok) {
            line(&said);
        }
    });
}

/// The process of a worker. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Process,
    input: Option<ChildStdin>,
}

impl Worker {
    /// Starts a worker, and waits until it works.
    pub(crate) fn start(to: &Connection<'_>) -> Result<Self, String> {
        let mut process = start(worker::WORD, to, &[]);
        let (tell, said): (_, Receiver<()>) = channel();
        listen(&mut process, move |_| {
            // It fails if nobody waits any longer.
            let _ = tell.send(());
        });
        let input = process.stdin.take();
        let worker = Self { process, input };
        let waited = said.recv_timeout(START);
        waited.map_err(|_| "a worker did not start".to_owned())?;
        Ok(worker)
    }

    /// Asks the worker to end when its runs have ended.
    pub(crate) fn stop(&mut self) {
        self.input.take();
    }

    /// Returns `true` if the worker ended by itself without a failure, and `false` if it runs.
    pub(crate) fn has_ended(&mut self) -> Result<bool, String> {
        match self.process.try_wait() {
            Ok(None) => Ok(false),
            Ok(Some(status)) if status.success() => Ok(true),
            other => Err(format!("a worker ended: {other:?}")),
        }
    }
}

impl Drop for Worker {
    /// Kills the process with SIGKILL, and returns when it is dead.
    fn drop(&mut self) {
        // Neither fails but for a process that is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process of a writer. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Writer {
    process: Process,
    made: Arc<AtomicU64>,
    told: Arc<Mutex<Told>>,
}

/// The results that a writer told so far.
#[derive(Debug, Default)]
struct Told {
    truth: Truth,
    is_complete: bool,
    problem: Option<String>,
}

impl Writer {
    pub(crate) fn start(to: &Connection<'_>, share: &Share) -> Self {
        let mut process = start(writer::WORD, to, &share.to_words());
        let made = Arc::new(AtomicU64::new(0));
        let told = Arc::new(Mutex::new(Told::default()));
        let (counted, listener) = (Arc::clone(&made), Arc::clone(&told));
        listen(&mut process, move |line| {
            let at = line.strip_prefix("at ").and_then(|at| at.parse().ok());
            match at {
                Some(at) => counted.store(at, Ordering::Relaxed),
                None => lock(&listener).take_in(line),
            }
        });
        Self {
            process,
            made,
            told,
        }
    }

    /// Returns the number of writes of each kind that the writer has made.
    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Returns the results of the writer's calls once it has told all of them, and `None` before.
    ///
    /// # Errors
    ///
    /// Returns an error if the process failed, or said something else.
    pub(crate) fn truth(&mut self) -> Result<Option<Truth>, String> {
        let has_ended = matches!(self.process.try_wait(), Ok(Some(status)) if !status.success());
        let told = lock(&self.told);
        match &told.problem {
            Some(line) => Err(format!("a writer said `{line}`")),
            None if has_ended => Err("a writer failed".to_owned()),
            None => Ok(told.is_complete.then(|| told.truth.clone())),
        }
    }
}

impl Told {
    fn take_in(&mut self, line: &str) {
        if line == "end" {
            self.is_complete = true;
        } else if self.truth.take_in(line).is_none() {
            self.problem = Some(line.to_owned());
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Neither fails but for a process that is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
