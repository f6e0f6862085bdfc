//! A network between a client and a Redis: it counts round trips, and fails on demand.

mod connection;
mod delivery;
mod incoming;
mod pending;
mod resp;
mod sent;
mod serve;
mod state;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::ports;
use crate::redis::{Client, Reply};

pub use self::sent::Sent;
use self::state::{ClientEnd, Listening, Predicate, Shared, State, close};
pub use self::state::{Direction, Mangled};

/// How long a test waits for a command to be held back.
const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy before a Redis. It runs on a thread of its own, whatever the runtime of the test does.
///
/// It reads what passes: RESP2 and RESP3, any pipelining, any subscription. (Not `MONITOR`,
/// `CLIENT REPLY` or an `UNSUBSCRIBE` from several channels that names none.)
///
/// A client that closes its connection ends nothing: as on a network, the server gets what the
/// client has sent.
///
/// The conditions that methods take are asked once for each command, in order, and may keep
/// count; they must not call the proxy.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    server: SocketAddr,
    shared: Arc<Shared>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A proxy to the server at `server`.
    ///
    /// # Panics
    ///
    /// If the system gives no port or no thread.
    pub fn to(server: SocketAddr) -> Self {
        let listener = ports::listener();
        let addr = listener.local_addr().expect("it listens");
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let handle = runtime.handle().clone();
        let shared = Arc::new(Shared::new());
        let (stop, stopped) = oneshot::channel();
        let serve = serve::serve(listener, server, shared.clone());
        let thread = thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        never = serve => never,
                        _ = stopped => {}
                    }
                });
            });
        Self {
            addr,
            server,
            shared,
            runtime: handle,
            stop: Some(stop),
            thread: Some(thread.expect("a thread")),
        }
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// What was sent.
impl Proxy {
    /// Every command since the start or [`clear`](Self::clear), in the order of arrival here;
    /// those that were held back, too.
    pub fn log(&self) -> Vec<Sent> {
        self.shared.state().log.clone()
    }

    /// The names of the commands, without those that only set a connection up.
    pub fn commands(&self) -> Vec<String> {
        self.work().iter().map(Sent::name).collect()
    }

    /// How many times somebody waited for the server, not to set a connection up. Commands that
    /// were sent while others of the same connection were unanswered share one round trip.
    pub fn round_trips(&self) -> usize {
        let trips: BTreeSet<_> = self.work().iter().map(|sent| sent.round_trip).collect();
        trips.len()
    }

    /// Forgets what was sent. Faults stay.
    pub fn clear(&self) {
        self.shared.state().log.clear();
    }

    fn work(&self) -> Vec<Sent> {
        let mut log = self.log();
        log.retain(|sent| !sent.is_set_up());
        log
    }
}

/// Commands that wait.
impl Proxy {
    /// From now on holds back commands of this name, in any case, and all that comes behind them
    /// on their connections.
    pub fn hold(&self, name: &str) {
        let name = name.to_uppercase();
        self.hold_if(move |sent| sent.name() == name);
    }

    /// From now on holds back these commands, and all that comes behind them on their
    /// connections. A command is asked about when all before it have been forwarded.
    pub fn hold_if(&self, which: impl FnMut(&Sent) -> bool + Send + 'static) {
        self.add(which, |state| &mut state.faults.hold);
    }

    /// Waits until a command is held back: the one that has been for longest.
    ///
    /// # Panics
    ///
    /// If none is, for long.
    pub async fn held(&self) -> Sent {
        self.all_held(1).await.remove(0)
    }

    /// Waits until commands of this many connections are held back.
    ///
    /// # Panics
    ///
    /// If they are not, for long.
    pub async fn all_held(&self, count: usize) -> Vec<Sent> {
        let held = self.shared.until(|state| {
            let held = state.held.iter().map(|(_, sent)| sent.clone());
            (state.held.len() >= count).then(|| held.collect())
        });
        // By its own clock: that of the test may stand, or leap.
        let patience = self
            .runtime
            .spawn(async { tokio::time::sleep(PATIENCE).await });
        tokio::select! {
            held = held => held,
            _ = patience => panic!("{count} commands are to be held back; {}", self.describe()),
        }
    }

    /// [`held`](Self::held), for a test without a runtime.
    ///
    /// # Panics
    ///
    /// If none is held back, for long; in a runtime.
    pub fn held_blocking(&self) -> Sent {
        self.runtime.block_on(self.held())
    }

    /// How many commands are held back now, without those behind them.
    pub fn holding(&self) -> usize {
        self.shared.state().held.len()
    }

    /// Lets every command go, and holds back no more.
    pub fn release(&self) {
        self.shared.change(|state| {
            state.faults.hold.clear();
            state.held.clear();
        });
    }

    /// Lets the command go that has been held back for longest, and goes on holding others.
    ///
    /// # Panics
    ///
    /// If none is held back.
    pub fn release_one(&self) {
        let released = self.shared.change(|state| {
            let some = !state.held.is_empty();
            some.then(|| state.held.remove(0))
        });
        assert!(released.is_some(), "nothing is held back");
    }

    fn describe(&self) -> String {
        let log: Vec<_> = self.log().iter().map(ToString::to_string).collect();
        format!("held: {}, sent: {log:#?}", self.holding())
    }
}

/// Connections that end.
impl Proxy {
    /// Ends all connections, with what is on its way, held back or not. What the server got, it
    /// runs. New connections are welcome.
    pub fn close_clients(&self) {
        self.shared.change(|state| {
            state
                .connections
                .drain()
                .for_each(|(_, client)| close(&client));
            state.held.clear();
        });
    }

    /// Ends all connections on the side of the clients only: the server gets what they sent,
    /// what is held back when it is released. So a command runs that its client has given up.
    pub fn close_clients_keep_server(&self) {
        self.shared
            .state()
            .connections
            .values()
            .for_each(|client| close(client));
    }

    /// From now on the server runs these commands, but the client does not get the reply: its
    /// connection ends instead. (The server still gets what it had sent.)
    pub fn swallow_reply_if(&self, which: impl FnMut(&Sent) -> bool + Send + 'static) {
        self.add(which, |state| &mut state.faults.swallow);
    }

    /// From now on the server does not get these commands: the connection ends instead, with what
    /// comes behind them.
    pub fn lose_if(&self, which: impl FnMut(&Sent) -> bool + Send + 'static) {
        self.add(which, |state| &mut state.faults.lose);
    }

    /// From now on the server does not run these commands, and answers as one that is full.
    pub fn refuse_if(&self, which: impl FnMut(&Sent) -> bool + Send + 'static) {
        self.add(which, |state| &mut state.faults.refuse);
    }

    /// From now on takes a copy of these commands as they go to the server, for
    /// [`repeat_now`](Self::repeat_now).
    pub fn repeat_if(&self, which: impl FnMut(&Sent) -> bool + Send + 'static) {
        self.add(which, |state| &mut state.faults.repeat);
    }

    /// Sends the copies to the server, as if they had been lost on the way and found again, and
    /// says what it answered, which no client gets to know. They are not in the log.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn repeat_now(&self) -> Vec<Reply> {
        let answers = self.try_repeat_now().into_iter();
        answers
            .map(|answer| answer.unwrap_or_else(|error| panic!("a copy: {error}")))
            .collect()
    }

    /// The same, where connections may be cut meanwhile.
    ///
    /// # Panics
    ///
    /// If nothing listens.
    pub fn try_repeat_now(&self) -> Vec<io::Result<Reply>> {
        let copies = std::mem::take(&mut self.shared.state().repeats);
        copies
            .iter()
            .map(|commands| self.repeat(commands))
            .collect()
    }

    /// Hands the copies over instead, each without what set its connection up: to send them when
    /// and as often as the test likes.
    pub fn take_copies(&self) -> Vec<Vec<Vec<u8>>> {
        let copies = std::mem::take(&mut self.shared.state().repeats);
        copies.into_iter().filter_map(|mut it| it.pop()).collect()
    }

    fn repeat(&self, commands: &[Vec<Vec<u8>>]) -> io::Result<Reply> {
        let mut client = Client::connect(self.server);
        let mut last = Reply::Nil;
        for command in commands {
            let mut command = command.clone();
            if command[0].eq_ignore_ascii_case(b"HELLO") && command.len() > 1 {
                // For its name and password; this client knows RESP2.
                command[1] = b"2".to_vec();
            }
            last = client.try_run(&command)?;
        }
        Ok(last)
    }

    /// From now on the replies to these commands do not arrive as the server sent them.
    pub fn mangle_reply_if(&self, how: Mangled, which: impl FnMut(&Sent) -> bool + Send + 'static) {
        self.shared
            .change(|state| state.faults.mangle.push((how, Box::new(which))));
    }

    /// New connections end at once. Those that are there stay.
    pub fn refuse(&self) {
        self.shared
            .change(|state| state.faults.listening = Listening::Guarded);
    }

    /// New connections are served again.
    pub fn accept(&self) {
        self.shared
            .change(|state| state.faults.listening = Listening::Open);
    }

    /// Nobody listens any more, so the system refuses new connections; those that are there stay.
    pub fn stop_listening(&self) {
        self.shared
            .change(|state| state.faults.listening = Listening::Closed);
        self.wait_until_deaf(true);
    }

    /// Listens again, at the same port.
    pub fn listen(&self) {
        self.shared
            .change(|state| state.faults.listening = Listening::Open);
        self.wait_until_deaf(false);
    }

    fn wait_until_deaf(&self, is_deaf: bool) {
        while self.shared.state().is_deaf != is_deaf {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A network that is slow or silent.
impl Proxy {
    /// Nothing arrives in this direction any more, and nobody is told. After
    /// [`lift`](Self::lift) or [`heal`](Self::heal) it does, late, as after the retransmissions
    /// of TCP.
    pub fn black_hole(&self, direction: Direction) {
        self.shared
            .change(|state| *state.faults.lost(direction) = true);
    }

    /// Ends a [`black_hole`](Self::black_hole), and no other fault.
    pub fn lift(&self, direction: Direction) {
        self.shared
            .change(|state| *state.faults.lost(direction) = false);
    }

    /// Whether nothing arrives on connections that have subscribed, while commands go on by
    /// others. Afterwards it does, late.
    pub fn silence(&self, is_silent: bool) {
        self.shared.change(|state| state.faults.silent = is_silent);
    }

    /// From now on connections to the server outlive their clients, as when a client's host loses
    /// its power: the server is not told that anybody is gone.
    pub fn outlive_clients(&self) {
        self.shared
            .change(|state| state.faults.end = ClientEnd::Untold);
    }

    /// Each command reaches the server this much later.
    pub fn delay(&self, by: Duration) {
        self.shared.change(|state| state.faults.delay = by);
    }

    /// Ends every fault: what is held back or lost on the way arrives, connections are taken, and
    /// no condition is asked any more. Copies for [`repeat_now`](Self::repeat_now) stay.
    pub fn heal(&self) {
        self.release();
        self.shared
            .change(|state| state.faults = state::Faults::default());
        self.wait_until_deaf(false);
    }

    fn add(
        &self,
        which: impl FnMut(&Sent) -> bool + Send + 'static,
        list: impl FnOnce(&mut State) -> &mut Vec<Predicate>,
    ) {
        self.shared
            .change(|state| list(state).push(Box::new(which)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.close_clients();
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        let mistake = self.shared.state().mistake.take();
        // A test that fails anyway says why by itself.
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the proxy failed");
            assert_eq!(mistake, None, "the proxy understands what passes");
        }
    }
}
