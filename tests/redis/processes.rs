//! Several processes, one computation.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cachekit_tests::redis::Redis;

/// A process with callers of its own. Killed when dropped.
struct Callers {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Callers {
    fn start(redis: &Redis, count: usize, length: Duration) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_callers"))
            .args([
                redis.addr().to_string(),
                count.to_string(),
                length.as_millis().to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let mut callers = Self { child, out };
        assert_eq!(callers.line(), "ready");
        callers
    }

    fn go(&mut self) {
        writeln!(self.child.stdin.as_mut().expect("piped"), "go").expect("it listens");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runs(redis: &Redis) -> String {
    let runs = redis.client().bulk(&["GET", "runs"]).unwrap_or_default();
    String::from_utf8(runs).expect("a number")
}

#[test]
fn of_four_thousand_callers_in_four_processes_one_computes() {
    let redis = Redis::start();
    let length = Duration::from_millis(300);
    let mut processes: Vec<_> = (0..4)
        .map(|_| Callers::start(&redis, 1_000, length))
        .collect();
    processes.iter_mut().for_each(Callers::go);
    for process in &mut processes {
        assert_eq!(process.line(), "1000");
    }
    assert_eq!(runs(&redis), "1");
}

#[test]
fn when_the_one_that_computes_is_killed_another_does_and_nobody_is_lost() {
    let redis = Redis::start();
    let length = Duration::from_millis(500);
    let mut processes: Vec<_> = (0..4)
        .map(|_| Callers::start(&redis, 1_000, length))
        .collect();
    processes.iter_mut().for_each(Callers::go);
    let mut client = redis.client();
    let began = Instant::now();
    let holder = loop {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody computes");
        if let Some(holder) = client.bulk(&["GET", "holder"]) {
            break String::from_utf8(holder).expect("a number");
        }
    };
    let killed = processes
        .iter()
        .position(|process| process.child.id().to_string() == holder);
    drop(processes.remove(killed.expect("one of ours")));
    let killed_at = Instant::now();
    for process in &mut processes {
        assert_eq!(process.line(), "1000");
    }
    assert_eq!(runs(&redis), "2", "one more");
    // The lease, three seconds, then the computation: far below this.
    assert!(
        killed_at.elapsed() < Duration::from_secs(9),
        "{:?}",
        killed_at.elapsed()
    );
}
