//! A test client of its own: plain RESP2, blocking. It shares no code with the client that the
//! cache uses, so that a mistake in one shows in the other.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long it waits for anything: long enough for a busy machine, but no test hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// A blocking connection to a Redis.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    patience: Duration,
}

/// What a Redis answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// There is nothing.
    Nil,
    /// A number.
    Int(i64),
    /// A simple string, as `OK`.
    Text(String),
    /// A string.
    Bulk(Vec<u8>),
    /// An error, with its code.
    Error(String),
    /// Several.
    List(Vec<Reply>),
}

impl Client {
    /// Connects.
    ///
    /// # Panics
    ///
    /// If nothing listens there.
    pub fn connect(addr: SocketAddr) -> Self {
        Self::try_connect(addr).unwrap_or_else(|error| panic!("{addr}: {error}"))
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// If nothing listens there.
    pub fn try_connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        let patience = PATIENCE;
        Ok(Self { stream, patience }.patience(PATIENCE))
    }

    /// Waits for an answer no longer than this; otherwise it is a few seconds.
    ///
    /// # Panics
    ///
    /// If it is no time at all.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        let stream = self.stream.get_ref();
        let set = stream.set_read_timeout(Some(patience));
        let set = set.and_then(|()| stream.set_write_timeout(Some(patience)));
        set.expect("a time to wait");
        self
    }

    /// Runs one command.
    ///
    /// # Panics
    ///
    /// If no answer comes. An error that the server answers is a [`Reply`].
    pub fn run<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Reply {
        self.try_run(args).unwrap_or_else(|error| {
            let name = String::from_utf8_lossy(args[0].as_ref()).into_owned();
            panic!("{name}: {error}")
        })
    }

    /// Runs one command.
    ///
    /// # Errors
    ///
    /// If no answer comes in time, or the connection ends.
    pub fn try_run<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Reply> {
        let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args.iter().map(AsRef::as_ref) {
            bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            bytes.extend_from_slice(arg);
            bytes.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&bytes)?;
        self.reply().map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let why = format!("the server does not answer in {:?}", self.patience);
                io::Error::new(ErrorKind::TimedOut, why)
            }
            _ => error,
        })
    }

    /// Runs a command that answers a number.
    ///
    /// # Panics
    ///
    /// If it answers anything else.
    pub fn int<A: AsRef<[u8]>>(&mut self, args: &[A]) -> i64 {
        match self.run(args) {
            Reply::Int(number) => number,
            other => panic!("not a number: {other:?}"),
        }
    }

    /// Runs a command that answers a string or nothing.
    ///
    /// # Panics
    ///
    /// If it answers anything else.
    pub fn bulk<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Option<Vec<u8>> {
        match self.run(args) {
            Reply::Nil => None,
            Reply::Bulk(bytes) => Some(bytes),
            other => panic!("not a string: {other:?}"),
        }
    }

    /// The keys that match, in order.
    ///
    /// # Panics
    ///
    /// If the server answers anything else.
    pub fn keys(&mut self, pattern: &str) -> Vec<String> {
        let Reply::List(keys) = self.run(&["KEYS", pattern]) else {
            panic!("KEYS answers a list");
        };
        let text = |key| match key {
            Reply::Bulk(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            other => panic!("not a key: {other:?}"),
        };
        let mut keys: Vec<_> = keys.into_iter().map(text).collect();
        keys.sort();
        keys
    }

    /// One field of `INFO section`, as the server writes it; `None` if there is no such field.
    ///
    /// # Panics
    ///
    /// If the server answers anything else.
    pub fn info(&mut self, section: &str, field: &str) -> Option<String> {
        let info = self.bulk(&["INFO", section]).expect("INFO answers");
        let info = String::from_utf8_lossy(&info);
        let mut fields = info.lines().filter_map(|line| line.split_once(':'));
        fields.find_map(|(name, value)| (name == field).then(|| value.to_owned()))
    }

    /// Waits for the next message of a subscription, which `SUBSCRIBE` began, and returns its text.
    ///
    /// # Panics
    ///
    /// If none arrives in time.
    pub fn message(&mut self) -> Vec<u8> {
        match self.reply() {
            Ok(Reply::List(mut parts)) => match parts.pop() {
                Some(Reply::Bulk(text)) => text,
                other => panic!("not a message: {other:?}"),
            },
            other => panic!("not a message: {other:?}"),
        }
    }

    fn reply(&mut self) -> io::Result<Reply> {
        let line = self.line()?;
        let rest = line.get(1..).unwrap_or_default();
        Ok(match line.as_bytes().first() {
            Some(b'+') => Reply::Text(rest.to_owned()),
            Some(b'-') => Reply::Error(rest.to_owned()),
            Some(b':') => Reply::Int(number(rest)?),
            Some(b'$' | b'*') if rest == "-1" => Reply::Nil,
            Some(b'$') => Reply::Bulk(self.bytes(number(rest)?)?),
            Some(b'*') => {
                let items = 0..number::<usize>(rest)?;
                Reply::List(items.map(|_| self.reply()).collect::<io::Result<_>>()?)
            }
            _ => return Err(not_resp(&line)),
        })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }
}

fn number<N: std::str::FromStr>(text: &str) -> io::Result<N> {
    text.parse().map_err(|_| not_resp(text))
}

fn not_resp(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("not RESP2: {text:?}"))
}
