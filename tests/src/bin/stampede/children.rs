//! Processes with callers of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use cachekit_tests::redis::Redis;

/// Longer than any row may take.
const GIVE_UP: Duration = Duration::from_secs(60);

/// What a process says.
#[derive(Debug)]
pub(crate) enum Message {
    Ready,
    Computing,
    Done(Report),
    /// It ended.
    Gone,
}

/// What a process saw.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) runs: u64,
    /// Callers that got the right value.
    pub(crate) right: u64,
    pub(crate) waits: Vec<Duration>,
}

/// Several processes over one Redis. Killed when dropped.
pub(crate) struct Children {
    children: Vec<Child>,
    said: Receiver<(usize, Message)>,
}

impl Children {
    /// So many processes of so many callers each, connected.
    pub(crate) fn start(redis: &Redis, processes: usize, callers: usize, loader: Duration) -> Self {
        let (tell, said) = channel();
        let children = (0..processes)
            .map(|number| start(redis, callers, loader, number, tell.clone()))
            .collect();
        let children = Self { children, said };
        for _ in 0..processes {
            let (_, said) = children.next();
            assert!(matches!(said, Message::Ready), "{said:?}");
        }
        children
    }

    /// Lets all callers call.
    pub(crate) fn go(&mut self) -> Instant {
        for child in &mut self.children {
            writeln!(child.stdin.as_mut().expect("piped"), "go").expect("it listens");
        }
        Instant::now()
    }

    /// The next thing that one of them says, and which.
    pub(crate) fn next(&self) -> (usize, Message) {
        self.said.recv_timeout(GIVE_UP).expect("they go on")
    }

    /// Waits for the one that computes first, and kills it (SIGKILL) after `delay`.
    pub(crate) fn kill_who_computes(&mut self, delay: Duration) -> usize {
        let (holder, said) = self.next();
        assert!(matches!(said, Message::Computing), "{said:?}");
        std::thread::sleep(delay);
        self.children[holder].kill().expect("it runs");
        holder
    }

    /// Waits for all that live.
    pub(crate) fn reports(&self, killed: Option<usize>) -> Vec<Report> {
        let mut reports = Vec::new();
        // Each says what it saw before it is gone.
        for _ in 0..self.children.len() {
            loop {
                match self.next().1 {
                    Message::Done(report) => reports.push(report),
                    Message::Gone => break,
                    Message::Ready | Message::Computing => {}
                }
            }
        }
        let expected = self.children.len() - usize::from(killed.is_some());
        assert_eq!(reports.len(), expected, "a process ended by itself");
        reports
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(
    redis: &Redis,
    callers: usize,
    loader: Duration,
    number: usize,
    tell: Sender<(usize, Message)>,
) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--caller".to_owned(),
            redis.addr().to_string(),
            callers.to_string(),
            loader.as_millis().to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    std::thread::spawn(move || {
        for line in out.lines() {
            let Ok(line) = line else { break };
            let _ = tell.send((number, understood(&line)));
        }
        let _ = tell.send((number, Message::Gone));
    });
    child
}

fn understood(line: &str) -> Message {
    let mut words = line.split(' ');
    let first = words.next();
    let mut number = || words.next().and_then(|word| word.parse().ok());
    match first {
        Some("ready") => Message::Ready,
        Some("computing") => Message::Computing,
        Some("done") => Message::Done(Report {
            runs: number().expect("a number"),
            right: number().expect("a number"),
            waits: std::iter::from_fn(number)
                .map(Duration::from_micros)
                .collect(),
        }),
        _ => panic!("a process said `{line}`"),
    }
}
