//! One connection that is always being repaired.
//!
//! The client's own reconnecting connection never leaves one that hangs, so connections
//! are watched here: one that breaks, stops answering, or turns out to be a replica's is
//! left, and another is made, with a growing pause, for ever.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::address::Address;
use super::handshake::{self, Greeting};
use super::in_time::in_time;
use super::script::Scripts;
use crate::chance::jittered;
use crate::event;
use crate::fault::Faults;
use crate::remote::{Failure, Message, Sink};

/// A connection and its handshake take no longer.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// So many commands in a row without an answer, and the connection is left.
const HOPELESS: u32 = 3;

/// The connection for commands.
pub(super) struct Link {
    shared: Arc<Shared>,
    supervisor: JoinHandle<()>,
}

struct Shared {
    address: Address,
    scripts: Arc<Scripts>,
    /// A name under which nothing ever stands.
    nothing: Vec<u8>,
    current: RwLock<Option<Arc<Connected>>>,
    /// The current connection is to be left.
    broken: Notify,
    /// How many connections were made.
    made: AtomicU64,
    /// When one was last left because of what it answered.
    suspected: Mutex<Option<Instant>>,
    sink: Sink,
    faults: Faults,
}

/// A connection that works as far as is known.
pub(super) struct Connected {
    connection: MultiplexedConnection,
    pub(super) greeting: Greeting,
    timeouts: AtomicU32,
    /// The greeting's, until it changes.
    origin: AtomicU64,
    /// Set by the connection itself when its other end is gone.
    closed: Arc<AtomicBool>,
}

impl Link {
    /// Begins to connect. The first attempt's outcome, if it comes soon.
    pub(super) async fn open(
        address: Address,
        scripts: Arc<Scripts>,
        nothing: Vec<u8>,
        sink: Sink,
        faults: Faults,
    ) -> (Self, Result<(), RedisError>) {
        let shared = Arc::new(Shared {
            address,
            scripts,
            nothing,
            current: RwLock::new(None),
            broken: Notify::new(),
            made: AtomicU64::new(0),
            suspected: Mutex::default(),
            sink,
            faults,
        });
        let first = Shared::connect(&shared).await;
        let supervisor = tokio::spawn(supervise(Arc::clone(&shared)));
        (Self { shared, supervisor }, first)
    }

    /// The connection, if there is one.
    pub(super) fn current(&self) -> Option<Arc<Connected>> {
        {
            let current = self
                .shared
                .current
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            current.clone().filter(|connected| !connected.is_closed())
        }
    }

    /// Sends `commands` in one go and waits for as many answers.
    pub(super) async fn run(
        &self,
        connected: &Arc<Connected>,
        commands: &Pipeline,
        until: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let count = commands.len();
        let mut connection = connected.connection.clone();
        // Pinned here, or it would be kept once more for each who waits for it.
        let sent = pin!(connection.send_packed_commands(commands, 0, count));
        match in_time(until, sent, self.shared.faults).await {
            None => {
                if connected.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= HOPELESS {
                    self.leave(connected, "it does not answer");
                }
                Err(Failure::Unknown)
            }
            Some(Err(error)) => {
                self.leave(connected, &shown(&error));
                Err(Failure::Unknown)
            }
            Some(Ok(replies)) => {
                connected.timeouts.store(0, Ordering::Relaxed);
                if let Some(problem) = replies.iter().find_map(misplaced) {
                    self.leave(connected, &problem);
                }
                if replies.len() == count {
                    Ok(replies)
                } else {
                    Err(Failure::Unknown)
                }
            }
        }
    }

    /// It gave the answer of something else than it was asked. What one entry says may also
    /// have been put there by hand, so that a new connection says the same: one is left for
    /// it now and then only.
    pub(super) fn suspect(&self, connected: &Arc<Connected>) {
        let mut suspected = self
            .shared
            .suspected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if suspected.is_none_or(|last| now - last >= LONGEST_PAUSE) {
            *suspected = Some(now);
            drop(suspected);
            self.leave(connected, "it answered something else than it was asked");
        }
    }

    /// How many connections were made.
    pub(super) fn made(&self) -> u64 {
        self.shared.made.load(Ordering::Relaxed)
    }

    /// Takes `connected` out of use.
    pub(super) fn leave(&self, connected: &Arc<Connected>, why: &str) {
        let mut current = self
            .shared
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if current
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, connected))
        {
            *current = None;
            drop(current);
            event::redis_lost(why);
            self.shared.broken.notify_one();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("address", &self.shared.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn is_connected(&self) -> bool {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current
            .as_ref()
            .is_some_and(|connected| !connected.is_closed())
    }

    async fn connect(self: &Arc<Self>) -> Result<(), RedisError> {
        let weak = Arc::downgrade(self);
        let closed = Arc::new(AtomicBool::new(false));
        let is_closed = Arc::clone(&closed);
        let on_push = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection
                && let Some(shared) = weak.upgrade()
            {
                is_closed.store(true, Ordering::Release);
                shared.broken.notify_one();
            }
            Ok(())
        };
        let made = async {
            let mut connection = self.address.connect(on_push).await?;
            let greeting = handshake::greet(&mut connection, &self.scripts, &self.nothing).await?;
            Ok::<_, RedisError>((connection, greeting))
        };
        let (connection, greeting) = match timeout(CONNECT_TIMEOUT, made).await {
            Ok(made) => made?,
            Err(_) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        };
        let connected = Connected {
            connection,
            origin: AtomicU64::new(u64::from_ne_bytes(greeting.origin)),
            greeting,
            timeouts: AtomicU32::new(0),
            closed,
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(connected));
        self.made.fetch_add(1, Ordering::Relaxed);
        event::redis_connected();
        (self.sink)(Message::Up(true));
        Ok(())
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

impl Connected {
    /// Which data set the server holds, as far as is known.
    pub(super) fn origin(&self) -> [u8; 8] {
        self.origin.load(Ordering::Relaxed).to_ne_bytes()
    }

    pub(super) fn set_origin(&self, origin: [u8; 8]) {
        self.origin
            .store(u64::from_ne_bytes(origin), Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Connects whenever there is no connection.
async fn supervise(shared: Arc<Shared>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        if shared.is_connected() {
            pause = SHORTEST_PAUSE;
            while shared.is_connected() {
                shared.broken.notified().await;
            }
            shared
                .current
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            (shared.sink)(Message::Up(false));
        }
        if let Err(error) = shared.connect().await {
            event::redis_away(&shown(&error), pause == SHORTEST_PAUSE);
            tokio::time::sleep(jittered(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What a server says that is not to be asked, or not by this login.
const WRONG: [&str; 6] = [
    "READONLY",
    "MASTERDOWN",
    "LOADING",
    "NOAUTH",
    "WRONGPASS",
    // Another may have taken its place, and be told what this one is not.
    "NOREPLICAS",
];

/// Whether an answer says that this server, or this login, is the wrong one.
pub(super) fn misplaced(reply: &Value) -> Option<String> {
    let Value::ServerError(error) = reply else {
        return None;
    };
    WRONG
        .contains(&error.code())
        .then(|| error.code().to_owned())
}

/// An error in words; the client's hold no address and no password.
pub(super) fn shown(error: &RedisError) -> String {
    error.to_string()
}
