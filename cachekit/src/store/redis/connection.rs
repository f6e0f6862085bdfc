//! The connection for commands, and the task that keeps it alive.
//!
//! The client's own reconnecting connection never drops one that hangs, so connections are
//! supervised here. A connection that breaks, stops answering or turns out to lead to a replica is
//! discarded. The supervisor connects again, with growing pauses, until the cache is dropped.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::base::fault::Faults;
use crate::base::random::jittered;
use crate::base::sync::{Mutex, RwLock};
use crate::base::trace;
use crate::store::port::{EventSink, Failure, StoreEvent, UNKNOWN_ORIGIN};
use crate::store::redis::address::Address;
use crate::store::redis::errors::{shown, wrong_role};
use crate::store::redis::handshake::Greeting;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::rejections::Refusals;
use crate::store::redis::script::Scripts;
use crate::store::redis::timeout::{CONNECT_TIMEOUT, in_time};
use crate::store::redis::{handshake, permissions, rejections};

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The interval at which a server that did not report its data set is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The number of consecutive commands without an answer after which a connection is discarded.
const MAX_TIMEOUTS: u32 = 3;

/// The connection for commands, with the task that supervises it.
pub(crate) struct ConnectionManager {
    shared: Arc<Shared>,
    supervisor: JoinHandle<()>,
}

struct Shared {
    address: Address,
    namespace: Box<str>,
    scripts: Arc<Scripts>,
    /// A name that never has a value.
    nothing: Vec<u8>,
    current: RwLock<Option<Arc<Connected>>>,
    /// Wakes the supervisor: the current connection was lost, or its rights are in doubt.
    broken: Notify,
    /// The number of connections made.
    connects: AtomicU64,
    /// The last time that a connection was discarded because of an answer.
    discarded_at: Mutex<Option<Instant>>,
    refusals: Refusals,
    /// The missing rights that the log reported last.
    reported: Mutex<MissingRights>,
    sink: EventSink,
    faults: Faults,
}

/// A connection that works as far as is known.
pub(crate) struct Connected {
    connection: MultiplexedConnection,
    pub(crate) greeting: Greeting,
    timeouts: AtomicU32,
    /// The origin in the greeting, until the server reports another.
    origin: AtomicU64,
    /// The server refused a command to this account: its rights have to be checked again.
    has_doubtful_rights: AtomicBool,
    /// Set when the client reports that the connection broke.
    closed: Arc<AtomicBool>,
}

impl ConnectionManager {
    /// Begins to connect. Returns the result of the first attempt: the rights that the account
    /// lacks.
    pub(crate) async fn open(
        address: Address,
        namespace: &str,
        scripts: Arc<Scripts>,
        nothing: Vec<u8>,
        sink: EventSink,
        faults: Faults,
    ) -> (Self, Result<MissingRights, RedisError>) {
        let shared = Arc::new(Shared {
            address,
            namespace: namespace.into(),
            scripts,
            nothing,
            current: RwLock::new(None),
            broken: Notify::new(),
            connects: AtomicU64::new(0),
            discarded_at: Mutex::default(),
            refusals: Refusals::default(),
            reported: Mutex::default(),
            sink,
            faults,
        });
        let first = Shared::connect(&shared).await;
        // The caller reports a first failure.
        let supervisor = tokio::spawn(supervise(Arc::clone(&shared), first.is_err()));
        (Self { shared, supervisor }, first)
    }

    /// Returns the connection, if there is one.
    pub(crate) fn current(&self) -> Option<Arc<Connected>> {
        {
            let current = self.shared.current.read();
            current.clone().filter(|connected| !connected.is_closed())
        }
    }

    /// Sends `commands` in one go and waits for as many answers.
    pub(crate) async fn run(
        &self,
        connected: &Arc<Connected>,
        commands: &Pipeline,
        until: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let count = commands.len();
        let mut connection = connected.connection.clone();
        // Pinned here, or every future that awaits it would store it once more.
        let sent = pin!(connection.send_packed_commands(commands, 0, count));
        match in_time(until, sent, self.shared.faults).await {
            None => {
                if connected.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_TIMEOUTS {
                    self.discard(connected, "no reply in time");
                }
                Err(Failure::Indeterminate)
            }
            Some(Err(error)) => {
                self.discard(connected, &self.why_lost(&error));
                Err(Failure::Indeterminate)
            }
            Some(Ok(replies)) => {
                connected.timeouts.store(0, Ordering::Relaxed);
                if let Some(problem) = replies.iter().find_map(wrong_role) {
                    self.discard(connected, &problem);
                } else if replies.iter().any(is_error) {
                    self.report_refusals(connected, commands, &replies);
                }
                if replies.len() == count {
                    Ok(replies)
                } else {
                    Err(Failure::Indeterminate)
                }
            }
        }
    }

    /// Discards a connection that gave the answer to another question. Another program may have
    /// written such an entry, and then a new connection gives the same answer, so at most one
    /// connection per second is discarded for this reason.
    pub(crate) fn discard_connection(&self, connected: &Arc<Connected>) {
        let mut discarded_at = self.shared.discarded_at.lock();
        let now = Instant::now();
        if discarded_at.is_none_or(|last| now - last >= LONGEST_PAUSE) {
            *discarded_at = Some(now);
            drop(discarded_at);
            self.discard(connected, "a reply did not match its command");
        }
    }

    /// Reports refused commands to the log. If a right is missing, the account's rights are
    /// checked.
    #[cold]
    fn report_refusals(&self, connected: &Arc<Connected>, commands: &Pipeline, replies: &[Value]) {
        for (command, reply) in commands.cmd_iter().zip(replies) {
            // A script that the server does not know is sent again.
            if let Value::ServerError(error) = reply
                && error.code() != "NOSCRIPT"
            {
                let name = rejections::name(command, &connected.greeting.digests);
                self.shared.refusals.add(name, error.code());
            }
        }
        if replies.iter().any(permissions::is_refused) {
            connected.has_doubtful_rights.store(true, Ordering::Relaxed);
            self.shared.broken.notify_one();
        }
    }

    /// Reports to the log that the account lacks rights.
    pub(crate) fn report_missing_rights(&self, missing_rights: &MissingRights) {
        self.shared.report_missing_rights(missing_rights);
    }

    fn why_lost(&self, error: &RedisError) -> String {
        // The supervisor lives as long as this manager, unless its runtime ended.
        if self.supervisor.is_finished() {
            "the runtime that built the cache has ended, and the connection with it".to_owned()
        } else {
            shown(error)
        }
    }

    /// Returns the number of connections made.
    pub(crate) fn connects(&self) -> u64 {
        self.shared.connects.load(Ordering::Relaxed)
    }

    /// Discards `connected`, if it is the current connection.
    pub(crate) fn discard(&self, connected: &Arc<Connected>, why: &str) {
        let mut current = self.shared.current.write();
        if current
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, connected))
        {
            *current = None;
            drop(current);
            trace::redis_lost(why);
            self.shared.broken.notify_one();
        }
    }
}

impl Drop for ConnectionManager {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("address", &self.shared.address)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn is_connected(&self) -> bool {
        let current = self.current.read();
        current
            .as_ref()
            .is_some_and(|connected| !connected.is_closed())
    }

    /// Connects. Returns the rights that the account lacks.
    async fn connect(self: &Arc<Self>) -> Result<MissingRights, RedisError> {
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
            let greet = handshake::greet(
                &mut connection,
                &self.namespace,
                &self.scripts,
                &self.nothing,
            );
            let greeting = greet.await?;
            Ok::<_, RedisError>((connection, greeting))
        };
        let (connection, greeting) = match timeout(CONNECT_TIMEOUT, made).await {
            Ok(made) => made?,
            Err(_) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        };
        let missing_rights = greeting.missing_rights.clone();
        let connected = Connected {
            connection,
            origin: AtomicU64::new(u64::from_ne_bytes(greeting.origin)),
            greeting,
            timeouts: AtomicU32::new(0),
            has_doubtful_rights: AtomicBool::new(false),
            closed,
        };
        *self.current.write() = Some(Arc::new(connected));
        self.connects.fetch_add(1, Ordering::Relaxed);
        trace::redis_connected(&self.address, &self.namespace);
        (self.sink)(StoreEvent::Up(true));
        Ok(missing_rights)
    }

    /// Reports to the log the rights that the account lacks, unless the last report was equal.
    fn report_missing_rights(&self, missing_rights: &MissingRights) {
        let mut reported = self.reported.lock();
        if *reported != *missing_rights {
            reported.clone_from(missing_rights);
            drop(reported);
            if !missing_rights.is_empty() {
                trace::rights_missing(&missing_rights.to_string(), &missing_rights.remedy());
            }
        }
    }

    /// Waits until the connection needs attention, and attends to it.
    async fn watch(&self) {
        let connected = {
            let current = self.current.read();
            current.clone()
        };
        let Some(connected) = connected else { return };
        if connected.origin() == UNKNOWN_ORIGIN {
            let something = timeout(ASK_AGAIN, self.broken.notified()).await;
            if something.is_err() {
                return self.ask_origin(&connected).await;
            }
        } else {
            self.broken.notified().await;
        }
        if connected.has_doubtful_rights.swap(false, Ordering::Relaxed) {
            self.ask_for_rights(&connected).await;
        }
    }

    /// Asks for the origin again: the account may have been granted `INFO` by now.
    async fn ask_origin(&self, connected: &Connected) {
        let question = handshake::origin_question();
        let mut connection = connected.connection.clone();
        let asked = timeout(CONNECT_TIMEOUT, connection.send_packed_command(&question)).await;
        if let Ok(Ok(answer)) = asked {
            connected
                .set_origin(handshake::text(&answer).map_or(UNKNOWN_ORIGIN, handshake::origin));
        }
        if connected.origin() != UNKNOWN_ORIGIN {
            self.report_missing_rights(&MissingRights::default());
        }
    }

    /// Checks the account's rights, after a command was refused.
    async fn ask_for_rights(&self, connected: &Connected) {
        let question = permissions::question(&self.namespace);
        let mut connection = connected.connection.clone();
        let asked = connection.send_packed_command(&question);
        // An error of the server is an answer too: the account may not ask.
        let answer = match timeout(CONNECT_TIMEOUT, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => match error.into_server_errors() {
                Some(errors) => errors
                    .first()
                    .map_or(Value::Nil, |(_, error)| Value::ServerError(error.clone())),
                None => return,
            },
            Err(_) => return,
        };
        self.report_missing_rights(&MissingRights::read(&self.namespace, &answer));
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

impl Connected {
    /// Returns the origin of the server's data set, as far as it is known.
    pub(crate) fn origin(&self) -> [u8; 8] {
        self.origin.load(Ordering::Relaxed).to_ne_bytes()
    }

    /// Sets the origin, unless it is unknown.
    pub(crate) fn set_origin(&self, origin: [u8; 8]) {
        if origin != UNKNOWN_ORIGIN {
            self.origin
                .store(u64::from_ne_bytes(origin), Ordering::Relaxed);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Connects whenever there is no connection. `is_reported` is `true` if the log has it already.
async fn supervise(shared: Arc<Shared>, mut is_reported: bool) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        if shared.is_connected() {
            (pause, is_reported) = (SHORTEST_PAUSE, false);
            while shared.is_connected() {
                shared.watch().await;
            }
            shared.current.write().take();
            (shared.sink)(StoreEvent::Up(false));
        }
        match shared.connect().await {
            Ok(missing_rights) => shared.report_missing_rights(&missing_rights),
            Err(error) => {
                trace::redis_unreachable(
                    &shown(&error),
                    !std::mem::replace(&mut is_reported, true),
                );
                tokio::time::sleep(jittered(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn is_error(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(_))
}
