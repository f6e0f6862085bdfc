//! The connection for commands to Redis, and the task that keeps a connection alive.
//!
//! The Redis client's own reconnecting connection never drops a connection that hangs, so this
//! module supervises connections itself. A connection that breaks, stops answering or leads to a
//! replica is discarded. The supervisor connects again, with growing pauses, until the cache is
//! dropped.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redis::{Pipeline, RedisError, Value};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::base::home_runtime::HomeRuntime;
use crate::base::in_time::in_time;
use crate::base::sync::{Mutex, RwLock};
use crate::base::trace::redis_connection as trace;
use crate::store::event::EventSink;
use crate::store::failure::Failure;
use crate::store::redis::connected::Connected;
use crate::store::redis::errors::{shown, wrong_role};
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::rejections::Refusals;
use crate::store::redis::rights::Tenant;
use crate::store::redis::script::Scripts;
use crate::store::redis::supervisor::{LONGEST_PAUSE, Shared, supervise};
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::{permissions, rejections};

/// The number of consecutive commands that got no answer in time, after which their connection to
/// Redis is discarded.
const MAX_TIMEOUTS: u32 = 3;

/// The error codes that are not logged, because the caller sends its command in another way: the
/// text of a script that Redis does not know yet, or to another master of a Redis Cluster.
const ANSWERED_BY_CALLER: [&str; 4] = ["NOSCRIPT", "MOVED", "ASK", "TRYAGAIN"];

/// The current connection for commands to Redis, with the task that supervises it.
pub(crate) struct ConnectionManager {
    shared: Arc<Shared>,
    home: Arc<HomeRuntime>,
    supervisor: Mutex<AbortHandle>,
}

impl ConnectionManager {
    /// Makes the first attempt to connect to Redis, and spawns the supervisor. Returns the result
    /// of that attempt: the rights that the account lacks, or the error.
    pub(crate) async fn open(
        home: Arc<HomeRuntime>,
        topology: Topology,
        tenant: Tenant,
        scripts: Arc<Scripts>,
        nothing: Vec<Vec<u8>>,
        sink: EventSink,
    ) -> (Self, Result<MissingRights, Unconnected>) {
        let shared = Arc::new(Shared {
            topology,
            tenant,
            scripts,
            nothing,
            current: RwLock::new(None),
            broken: Notify::new(),
            connects: AtomicU64::new(0),
            discarded_at: Mutex::default(),
            refusals: Refusals::default(),
            reported: Mutex::default(),
            sink,
        });
        // The connection's own task must run on the home runtime.
        let connecting = Arc::clone(&shared);
        let first = home
            .spawn(async move { connecting.connect(None).await })
            .await;
        let first = first.unwrap_or_else(|_| Err(Unconnected::passing("its runtime has ended")));
        // The caller logs a failure of the first attempt, so the supervisor does not.
        let supervisor = home.spawn(supervise(Arc::clone(&shared), first.is_err()));
        let connections = Self {
            shared,
            home,
            supervisor: Mutex::new(supervisor.abort_handle()),
        };
        (connections, first)
    }

    /// Gives up the current connection, whose task may no longer run, and has a new supervisor
    /// connect on the home runtime.
    pub(crate) fn begin_again(&self) {
        let mut supervisor = self.supervisor.lock();
        supervisor.abort();
        self.shared.current.write().take();
        let task = supervise(Arc::clone(&self.shared), false);
        *supervisor = self.home.spawn(task).abort_handle();
    }

    /// Returns the current connection to Redis. Returns `None` if no connection was made or the
    /// last connection is lost.
    pub(crate) fn current(&self) -> Option<Arc<Connected>> {
        {
            let current = self.shared.current.read();
            current.clone().filter(|connected| !connected.is_closed())
        }
    }

    /// Sends `commands` to Redis together, and waits until `until` for one answer to each. The
    /// connection is discarded after an answer which shows that the server or the login is the
    /// wrong one, after an error of the connection, or after several timeouts in a row.
    pub(crate) async fn run(
        &self,
        connected: &Arc<Connected>,
        commands: &Pipeline,
        until: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let count = commands.len();
        let mut connection = connected.connection.clone();
        // The future is pinned, because every future that awaits `sent` would store `sent` once
        // more without the pin.
        let sent = pin!(connection.send_packed_commands(commands, 0, count));
        match in_time(until, sent, self.scripts().faults).await {
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

    /// Discards `connected`, a connection to Redis that returned the answer to another command. At
    /// most one connection per second is discarded for this reason. The wrong entry may have been
    /// written by another program, and a new connection would then return the same entry.
    pub(crate) fn discard_connection(&self, connected: &Arc<Connected>) {
        let mut discarded_at = self.shared.discarded_at.lock();
        let now = Instant::now();
        if discarded_at.is_none_or(|last| now - last >= LONGEST_PAUSE) {
            *discarded_at = Some(now);
            drop(discarded_at);
            self.discard(connected, "a reply did not match its command");
        }
    }

    /// Logs the commands that Redis refused. If Redis refused a command because the account lacks a
    /// right, the supervisor checks the account's rights.
    #[cold]
    fn report_refusals(&self, connected: &Arc<Connected>, commands: &Pipeline, replies: &[Value]) {
        for (command, reply) in commands.cmd_iter().zip(replies) {
            if let Value::ServerError(error) = reply
                && !ANSWERED_BY_CALLER.contains(&error.code())
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

    /// Reports the rights that the Redis account lacks to the log, unless the last report was
    /// equal.
    pub(crate) fn report_missing_rights(&self, missing_rights: &MissingRights) {
        self.shared.report_missing_rights(missing_rights);
    }

    fn why_lost(&self, error: &RedisError) -> String {
        // The supervisor task runs as long as this manager, unless the task's runtime ended.
        if self.supervisor.lock().is_finished() {
            "the runtime of the connection has ended".to_owned()
        } else {
            shown(error)
        }
    }

    /// Returns the Lua scripts that the handshake loads into Redis.
    pub(crate) fn scripts(&self) -> &Scripts {
        &self.shared.scripts
    }

    /// Returns the number of connections for commands that were made so far.
    pub(crate) fn connects(&self) -> u64 {
        self.shared.connects.load(Ordering::Relaxed)
    }

    /// Discards `connected` if it is the current connection to Redis, logs the reason `why`, and
    /// wakes the supervisor to connect again. Does nothing if `connected` is an earlier connection.
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
        self.supervisor.lock().abort();
    }
}

impl fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("topology", &self.shared.topology)
            .finish_non_exhaustive()
    }
}

fn is_error(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(_))
}
