//! The background task that keeps a connection for commands to Redis. The task connects, asks the
//! server for its data set and the account's rights, and connects again after the connection is
//! lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::base::random::jittered;
use crate::base::select::select;
use crate::base::sync::{Mutex, RwLock};
use crate::base::trace::redis_connection as trace;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::port::UNKNOWN_ORIGIN;
use crate::store::redis::address::Address;
use crate::store::redis::connected::Connected;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::rejections::Refusals;
use crate::store::redis::rights::{Purpose, Tenant};
use crate::store::redis::script::Scripts;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::{handshake, permissions};

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The interval at which Redis is asked again for its data set while the data set is unknown.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The state that a `ConnectionManager` shares with its supervisor task.
pub(crate) struct Shared {
    pub(crate) topology: Topology,
    pub(crate) tenant: Tenant,
    pub(crate) scripts: Arc<Scripts>,
    /// The Redis keys that the handshake deletes to test that the server accepts writes. The keys
    /// never have a value.
    pub(crate) nothing: Vec<Vec<u8>>,
    pub(crate) current: RwLock<Option<Arc<Connected>>>,
    /// Wakes the supervisor when the current connection is lost, or the account's rights are in
    /// doubt.
    pub(crate) broken: Notify,
    /// The number of connections for commands that were made to Redis so far.
    pub(crate) connects: AtomicU64,
    /// The last time at which a connection was discarded because an answer did not match its
    /// command. `None` if that never happened.
    pub(crate) discarded_at: Mutex<Option<Instant>>,
    pub(crate) refusals: Refusals,
    /// The account's missing rights in the last report to the log, so that an equal report is not
    /// repeated.
    pub(crate) reported: Mutex<MissingRights>,
    pub(crate) sink: EventSink,
}

impl Shared {
    fn is_connected(&self) -> bool {
        let current = self.current.read();
        current
            .as_ref()
            .is_some_and(|connected| !connected.is_closed())
    }

    /// Connects to Redis, does the handshake, and makes the connection the current one. Returns the
    /// rights that the account lacks, or the reason for which the attempt failed. `away_since` is
    /// the time since which the cache had no connection, or `None` for its first attempt.
    pub(crate) async fn connect(
        self: &Arc<Self>,
        away_since: Option<Instant>,
    ) -> Result<MissingRights, Unconnected> {
        let connecting = self.topology.connect(|address| {
            let shared = Arc::clone(self);
            async move { shared.connect_to(address).await }
        });
        let (mut connected, changes) = connecting.await?;
        connected.changes = changes;
        let missing_rights = connected.greeting.missing_rights.clone();
        let address = connected.address.clone();
        *self.current.write() = Some(Arc::new(connected));
        let was_connected = self.connects.fetch_add(1, Ordering::Relaxed) > 0;
        let namespace = &self.tenant.namespace;
        match away_since.filter(|_| was_connected) {
            None => trace::redis_connected(&address, namespace),
            Some(since) => trace::redis_is_back(&address, namespace, since.elapsed()),
        }
        (self.sink)(StoreEvent::Up(true));
        Ok(missing_rights)
    }

    /// Connects to the server at `address` and does the handshake, which fails with a replica.
    async fn connect_to(self: Arc<Self>, address: Address) -> Result<Connected, Unconnected> {
        let weak = Arc::downgrade(&self);
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
            let mut connection = address.connect(on_push).await?;
            let greet =
                handshake::greet(&mut connection, &self.tenant, &self.scripts, &self.nothing);
            let greeting = greet
                .await
                .map_err(|error| Unconnected::of(&address, &error))?;
            Ok::<_, Unconnected>((connection, greeting))
        };
        let (connection, greeting) = match timeout(CONNECT_TIMEOUT, made).await {
            Ok(made) => made?,
            Err(_) => return Err(address.silence()),
        };
        Ok(Connected {
            connection,
            address,
            changes: 0,
            origin: AtomicU64::new(u64::from_ne_bytes(greeting.origin)),
            greeting,
            timeouts: AtomicU32::new(0),
            has_doubtful_rights: AtomicBool::new(false),
            closed,
        })
    }

    /// Reports to the log the rights that the Redis account lacks, unless the last report was
    /// equal.
    pub(crate) fn report_missing_rights(&self, missing_rights: &MissingRights) {
        let mut reported = self.reported.lock();
        if *reported != *missing_rights {
            reported.clone_from(missing_rights);
            drop(reported);
            if !missing_rights.is_empty() {
                trace::rights_missing(&missing_rights.to_string(), &missing_rights.remedy());
            }
        }
    }

    /// Waits until the current connection to Redis is lost, or another server is the master. While
    /// the server's data set is unknown, waits for at most [`ASK_AGAIN`], and then asks the server
    /// for its data set. Asks for the account's rights if Redis refused a command.
    async fn watch(&self) {
        let connected = {
            let current = self.current.read();
            current.clone()
        };
        let Some(connected) = connected else { return };
        if connected.origin() == UNKNOWN_ORIGIN {
            let something = timeout(ASK_AGAIN, self.wait_for_event(&connected)).await;
            if something.is_err() {
                return self.ask_origin(&connected).await;
            }
        } else {
            self.wait_for_event(&connected).await;
        }
        if self
            .topology
            .has_moved(&connected.address, connected.changes)
        {
            // The former master may take writes for a while, which will be lost.
            self.current.write().take();
            return trace::redis_lost("another server is the master now");
        }
        if connected.has_doubtful_rights.swap(false, Ordering::Relaxed) {
            self.ask_for_rights(&connected).await;
        }
    }

    async fn wait_for_event(&self, connected: &Connected) {
        let moved = self.topology.moved(&connected.address, connected.changes);
        select(self.broken.notified(), moved).await;
    }

    /// Asks Redis again for the origin of its data set, because the account may have been granted
    /// `INFO` since the handshake.
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

    /// Asks Redis for the account's rights after a command was refused, and logs the rights that
    /// are missing.
    async fn ask_for_rights(&self, connected: &Connected) {
        let question = permissions::question(&self.tenant, Purpose::Cache);
        let mut connection = connected.connection.clone();
        let asked = connection.send_packed_command(&question);
        // An error of the server is an answer too, which says that the account may not run the
        // check.
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
        let missing_rights = MissingRights::read(&self.tenant, Purpose::Cache, &answer);
        self.report_missing_rights(&missing_rights);
    }
}

/// Connects to Redis whenever the process has no connection for commands. `is_reported` is `true`
/// if the log already has the report that Redis is unreachable.
pub(crate) async fn supervise(shared: Arc<Shared>, mut is_reported: bool) {
    let mut pause = SHORTEST_PAUSE;
    let mut away_since = Instant::now();
    let mut is_refusal_reported = false;
    loop {
        if shared.is_connected() {
            (pause, is_reported, is_refusal_reported) = (SHORTEST_PAUSE, false, false);
            while shared.is_connected() {
                shared.watch().await;
            }
            away_since = Instant::now();
            shared.current.write().take();
            (shared.sink)(StoreEvent::Up(false));
        }
        let changes = shared.topology.changes();
        match shared.connect(Some(away_since)).await {
            Ok(missing_rights) => shared.report_missing_rights(&missing_rights),
            Err(error) => {
                report_failed_attempt(&error, &mut is_reported, &mut is_refusal_reported);
                let news = shared.topology.changed(changes);
                select(tokio::time::sleep(jittered(pause)), news).await;
                pause = if shared.topology.changes() == changes {
                    (pause * 2).min(LONGEST_PAUSE)
                } else {
                    SHORTEST_PAUSE
                };
            }
        }
    }
}

/// Reports a failed attempt to connect. `is_reported` is `true` if the outage was reported before,
/// and `is_refusal_reported` if it was reported that Redis answers and refuses the cache.
fn report_failed_attempt(
    error: &Unconnected,
    is_reported: &mut bool,
    is_refusal_reported: &mut bool,
) {
    match &error.lasting {
        Some(lasting) => {
            let is_new = !std::mem::replace(is_refusal_reported, true);
            trace::redis_refuses(&lasting.problem, &lasting.remedy, is_new);
        }
        None => trace::redis_unreachable(&error.why, !*is_reported),
    }
    *is_reported = true;
}
