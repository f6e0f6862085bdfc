//! The command, run as people run it, against a real Redis.

mod access;
mod asking;
mod cluster;
mod dead_writes;
mod doctor;
mod encrypted;
mod entries;
mod printed;

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cachekit::Cache;
use cachekit_tests::redis::Redis;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) fn command(redis: &Redis, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachekit"));
    command
        .args(words)
        .env_clear()
        .env("REDIS_URL", redis.url())
        .env("CACHE_NAMESPACE", "shop");
    command
}

/// Runs the command on a thread for it, as the runtime of the test must go on.
pub(crate) async fn run(redis: &Redis, words: &[&str]) -> (Option<i32>, String, String) {
    ended(command(redis, words)).await
}

/// Runs `command` to its end, and returns its exit code and what it said.
pub(crate) async fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let ran = tokio::task::spawn_blocking(move || command.output()).await;
    let Output {
        status,
        stdout,
        stderr,
    } = ran.expect("no panic").expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

pub(crate) async fn node(redis: &Redis) -> Cache {
    let builder = Cache::builder().namespace("shop").redis(redis.url());
    builder.build().await.expect("a valid set-up")
}

/// A command that runs until it is interrupted. It is killed when it is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: UnboundedReceiver<String>,
}

impl Running {
    /// Starts `command`, whose lines are those of standard output, or of standard error if `of_errors`.
    pub(crate) fn start(mut command: Command, of_errors: bool) -> Self {
        let (out, errors) = if of_errors {
            (Stdio::null(), Stdio::piped())
        } else {
            (Stdio::piped(), Stdio::inherit())
        };
        let child = command.stdout(out).stderr(errors).spawn();
        let mut child = child.expect("the command starts");
        let said: Box<dyn Read + Send> = if of_errors {
            Box::new(child.stderr.take().expect("piped"))
        } else {
            Box::new(child.stdout.take().expect("piped"))
        };
        let (send, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                // The test may have ended.
                let _ = send.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line that `is_it`, and returns it.
    pub(crate) async fn line(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let line = tokio::time::timeout(Duration::from_secs(20), self.lines.recv()).await;
            let line = line.unwrap_or_else(|_| panic!("in vain: {what}"));
            let line = line.unwrap_or_else(|| panic!("it ended before: {what}"));
            if is_it(&line) {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the number of acknowledged invalidations of `cache` that waited for a process which did not
/// answer, after one more of them.
pub(crate) async fn waited_for(cache: &Cache) -> u64 {
    cache.invalidation().acknowledged().keys(["a"]).await;
    let redis = cache.stats().redis;
    redis.acknowledged_by_time + redis.unacknowledged
}

/// Waits until `cache` knows all processes, so that its acknowledged invalidations wait for nobody else.
/// Returns the number of those that waited until then.
pub(crate) async fn waited_at_start(cache: &Cache) -> u64 {
    let mut waited = waited_for(cache).await;
    loop {
        let now = waited_for(cache).await;
        if now == waited {
            return waited;
        }
        waited = now;
    }
}
