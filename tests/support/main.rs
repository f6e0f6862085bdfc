//! The tools of the tests work as the tests assume.

mod counting;
mod faults;
mod redis;
mod subscriptions;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A connection that sends and reads any bytes.
struct Raw(TcpStream);

impl Raw {
    fn to(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("somebody listens");
        let patience = Some(Duration::from_secs(5));
        stream.set_read_timeout(patience).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        Self(stream)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("it is open");
    }

    /// Reads exactly this.
    fn expect(&mut self, wanted: &[u8]) {
        let mut bytes = vec![0; wanted.len()];
        self.0.read_exact(&mut bytes).expect("it answers");
        assert_eq!(
            bytes.escape_ascii().to_string(),
            wanted.escape_ascii().to_string()
        );
    }

    /// Whether it is open, and nothing comes for a while.
    fn is_quiet(&mut self) -> bool {
        let patience = self.0.read_timeout().expect("a socket");
        let short = Some(Duration::from_millis(100));
        self.0.set_read_timeout(short).expect("a socket");
        let read = self.0.read(&mut [0]);
        self.0.set_read_timeout(patience).expect("a socket");
        read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Whether the other side has ended it, with nothing more to read.
    fn ended(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// A command as it is sent.
fn command(words: &[&str]) -> Vec<u8> {
    let word = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
    let words: Vec<_> = words.iter().map(word).collect();
    format!("*{}\r\n{}", words.len(), words.concat()).into_bytes()
}

/// Waits for what the server does by itself.
fn eventually(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !done() {
        assert!(Instant::now() < deadline, "it never happens");
        thread::sleep(Duration::from_millis(2));
    }
}
