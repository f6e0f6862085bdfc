//! A client's connection, with the connection to the server behind it.

use std::future::pending;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::delivery::{Delivery, Fate};
use super::incoming::{Forward, Incoming};
use super::pending::Pending;
use super::resp::{Kind, Scanner};
use super::sent::Sent;
use super::state::{ClientEnd, Shared, State, any, close};

/// What the server gets in the place of a command that it is to refuse: its answer is the one
/// of a server that is full.
const REFUSAL: &[u8] = b"*3\r\n$4\r\nEVAL\r\n$63\r\n\
    return redis.error_reply('OOM command not allowed by the test')\r\n$1\r\n0\r\n";

/// Both ends of a connection.
pub(super) struct Connection {
    id: usize,
    client: Arc<TcpStream>,
    shared: Arc<Shared>,
    incoming: Incoming,
    pending: Pending,
    has_subscribed: AtomicBool,
}

impl Connection {
    /// Connection number `id`, and the commands that come in by it.
    pub(super) fn new(
        id: usize,
        client: Arc<TcpStream>,
        shared: Arc<Shared>,
    ) -> (Self, mpsc::UnboundedReceiver<Forward>) {
        let (queue, commands) = mpsc::unbounded_channel();
        let connection = Self {
            id,
            client,
            incoming: Incoming::new(id, shared.clone(), queue),
            shared,
            pending: Pending::default(),
            has_subscribed: AtomicBool::new(false),
        };
        (connection, commands)
    }

    /// Carries bytes until the server ends it or the test does. If the client does, until what
    /// it sent is answered.
    pub(super) async fn run(
        self,
        commands: mpsc::UnboundedReceiver<Forward>,
        client: net::TcpStream,
        server: net::TcpStream,
    ) -> io::Result<()> {
        let (reader, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let closed = self.shared.until(|state| {
            let closed = !state.connections.contains_key(&self.id);
            closed.then_some(())
        });
        tokio::select! {
            // Commands that are there are taken in before the reply that they did not wait for.
            biased;
            () = closed => Ok(()),
            ended = self.read(&reader) => ended,
            ended = self.forward(commands, to_server) => ended,
            ended = self.reply(from_server, to_client) => ended,
        }
    }

    /// Takes in what the client sends, for as long as it does.
    async fn read(&self, client: &OwnedReadHalf) -> io::Result<()> {
        let client = client.as_ref();
        while !self.incoming.ended() {
            client.readable().await?;
            let drained = client.try_io(Interest::READABLE, || self.drain());
            match drained {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        // What it sent goes on.
        pending().await
    }

    /// Takes in what the client has sent by now; "would block" is the end of it.
    fn drain(&self) -> io::Result<()> {
        self.incoming.drain(&self.client)
    }

    /// Hands commands to the server, each when nothing holds it back.
    async fn forward(
        &self,
        mut commands: mpsc::UnboundedReceiver<Forward>,
        mut server: OwnedWriteHalf,
    ) -> io::Result<()> {
        let mut set_up = Vec::new();
        while let Some(command) = commands.recv().await {
            let sent = &command.sent;
            self.delayed(command.arrived).await;
            self.held(sent).await;
            self.passable().await;
            if any(&mut self.shared.state().faults.lose, sent) {
                close(&self.client);
                return Ok(());
            }
            if matches!(sent.name().as_str(), "HELLO" | "AUTH" | "SELECT") {
                set_up.push(sent.args.clone());
            }
            let is_refused = any(&mut self.shared.state().faults.refuse, sent);
            let bytes = if is_refused {
                REFUSAL
            } else {
                self.remember_to_repeat(sent, &set_up);
                &command.bytes
            };
            if sent.name().ends_with("SUBSCRIBE") {
                self.has_subscribed.store(true, Ordering::Relaxed);
            }
            self.pending.push(command.sent);
            server.write_all(bytes).await?;
        }
        let answered = |_: &mut State| self.pending.is_empty().then_some(());
        self.shared.until(answered).await;
        let may_end = |state: &mut State| (state.faults.end == ClientEnd::Told).then_some(());
        self.shared.until(may_end).await;
        // It ends the connection, after the last reply.
        server.shutdown().await?;
        pending().await
    }

    /// Until commands get through: never, once the test has ended the connection.
    async fn passable(&self) {
        let passable = |state: &mut State| {
            let open = state.connections.contains_key(&self.id);
            (open && !state.faults.to_server).then_some(())
        };
        self.shared.until(passable).await;
    }

    /// Until replies, and what the server says by itself, get through.
    async fn audible(&self) {
        let audible = |state: &mut State| {
            let is_silent = state.faults.silent && self.has_subscribed.load(Ordering::Relaxed);
            (!state.faults.to_client && !is_silent).then_some(())
        };
        self.shared.until(audible).await;
    }

    async fn delayed(&self, arrived: Instant) {
        loop {
            let delay = self.shared.state().faults.delay;
            if delay.is_zero() {
                return;
            }
            let changed = |state: &mut State| (state.faults.delay != delay).then_some(());
            tokio::select! {
                () = sleep_until(arrived + delay) => return,
                () = self.shared.until(changed) => {}
            }
        }
    }

    async fn held(&self, sent: &Sent) {
        let Some(number) = self.shared.state().hold(sent) else {
            return;
        };
        let _gone = Unheld {
            shared: &self.shared,
            number,
        };
        self.shared.tell();
        let released = |state: &mut State| (!state.is_held(number)).then_some(());
        self.shared.until(released).await;
    }

    fn remember_to_repeat(&self, sent: &Sent, set_up: &[Vec<Vec<u8>>]) {
        let mut state = self.shared.state();
        if any(&mut state.faults.repeat, sent) {
            let mut commands = set_up.to_vec();
            commands.push(sent.args.clone());
            state.repeats.push(commands);
        }
    }

    /// Hands replies to the client.
    async fn reply(&self, mut server: OwnedReadHalf, mut client: OwnedWriteHalf) -> io::Result<()> {
        let (mut scanner, mut bytes) = (Scanner::new(), Vec::with_capacity(1 << 16));
        let mut delivery = Delivery::default();
        while server.read_buf(&mut bytes).await? > 0 {
            self.audible().await;
            while let Some(whole) = scanner.reply(&bytes)? {
                let fate = self.answered(&whole.kind);
                let is_last = delivery.add(bytes.drain(..whole.length), fate);
                if is_last {
                    // It gets what came before, which it might have got in time.
                    let _ = client.write_all(&delivery.take()).await;
                    close(&self.client);
                }
            }
            // The client may be gone; its commands are not.
            let _ = client.write_all(&delivery.take()).await;
            self.shared.tell();
        }
        Ok(())
    }

    /// Notes that a reply came, and says what becomes of it.
    fn answered(&self, kind: &Kind) -> Fate {
        let Some(sent) = self.pending.answered(kind) else {
            return Fate::Aside;
        };
        // What it has sent by now it sent while this was unanswered.
        let _ = self.drain();
        self.incoming.answered();
        let mut state = self.shared.state();
        let mangled = state.mangled(&sent);
        if any(&mut state.faults.swallow, &sent) {
            Fate::Swallowed
        } else {
            mangled.map_or(Fate::Arrives, Fate::Mangled)
        }
    }
}

/// A command that is held back is not any more once its connection has ended.
struct Unheld<'a> {
    shared: &'a Shared,
    number: usize,
}

impl Drop for Unheld<'_> {
    fn drop(&mut self) {
        let others = |(other, _): &(usize, Sent)| *other != self.number;
        self.shared.change(|state| state.held.retain(others));
    }
}
