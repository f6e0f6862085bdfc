//! Splits a client's bytes into commands, and the commands into round trips.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::resp;
use super::sent::Sent;
use super::state::Shared;

/// A command on its way to the server.
pub(super) struct Forward {
    pub(super) sent: Sent,
    pub(super) bytes: Vec<u8>,
    pub(super) arrived: Instant,
}

/// The direction from a client.
pub(super) struct Incoming {
    id: usize,
    shared: Arc<Shared>,
    stream: Mutex<Stream>,
}

struct Stream {
    buffer: Vec<u8>,
    /// The round trip of the commands that are unanswered.
    round_trip: usize,
    unanswered: usize,
    /// The round trip of the command whose first bytes are in the buffer.
    begun: Option<usize>,
    /// Until the client ends it.
    queue: Option<UnboundedSender<Forward>>,
}

impl Incoming {
    pub(super) fn new(id: usize, shared: Arc<Shared>, queue: UnboundedSender<Forward>) -> Self {
        let stream = Stream {
            buffer: Vec::new(),
            round_trip: 0,
            unanswered: 0,
            begun: None,
            queue: Some(queue),
        };
        Self {
            id,
            shared,
            stream: Mutex::new(stream),
        }
    }

    /// Takes in all that has arrived.
    pub(super) fn drain(&self, mut client: &TcpStream) -> io::Result<()> {
        let mut chunk = [0; 1 << 13];
        let mut stream = self.stream();
        while stream.queue.is_some() {
            match client.read(&mut chunk) {
                Ok(0) => stream.queue = None,
                Ok(read) => {
                    stream.buffer.extend_from_slice(&chunk[..read]);
                    self.cut(&mut stream)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
                // A client that is gone in a hurry.
                Err(_) => stream.queue = None,
            }
        }
        Ok(())
    }

    /// Whether the client sends nothing more.
    pub(super) fn ended(&self) -> bool {
        self.stream().queue.is_none()
    }

    /// One more of its commands is answered.
    pub(super) fn answered(&self) {
        self.stream().unanswered -= 1;
    }

    fn cut(&self, stream: &mut Stream) -> io::Result<()> {
        while !stream.buffer.is_empty() {
            // Where it belongs is decided by its first byte: the rest of a long one takes longer.
            let round_trip = match stream.begun {
                Some(round_trip) => round_trip,
                None if stream.unanswered > 0 => stream.round_trip,
                None => self.new_round_trip(),
            };
            stream.begun = Some(round_trip);
            let Some((length, args)) = resp::command(&stream.buffer)? else {
                break;
            };
            stream.begun = None;
            let bytes = stream.buffer.drain(..length).collect();
            if args.is_empty() {
                // The server does not answer it.
                continue;
            }
            stream.round_trip = round_trip;
            stream.unanswered += 1;
            let sent = Sent {
                connection: self.id,
                round_trip,
                args,
            };
            self.shared.state().log.push(sent.clone());
            if let Some(queue) = &stream.queue {
                let arrived = Instant::now();
                // It fails if the server has ended the connection.
                let _ = queue.send(Forward {
                    sent,
                    bytes,
                    arrived,
                });
            }
        }
        Ok(())
    }

    fn new_round_trip(&self) -> usize {
        let mut state = self.shared.state();
        state.round_trips += 1;
        state.round_trips
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
