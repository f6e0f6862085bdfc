//! The examination of a Redis server, of the cache's account on this server, and of the bus. The
//! examination opens connections of its own.
//!
//! An examination changes nothing in Redis. It deletes the key `beat`, which never has a value, and
//! sends a message to a channel to which only the examination subscribes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, PushInfo, PushKind, RedisError, Value, cmd};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout};

use crate::store::examination::{Examination, MissingRightsFound, SentinelAnswer, Unexamined};
use crate::store::message::NodeId;
use crate::store::redis::address::Address;
use crate::store::redis::errors::shown;
use crate::store::redis::permissions::MissingRights;
use crate::store::redis::queue_keys::scan;
use crate::store::redis::reply::queues;
use crate::store::redis::rights::{INFO, Purpose, Tenant};
use crate::store::redis::sentinel::answer::Answer;
use crate::store::redis::sentinel::search::ask_all;
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::{Lasting, Unconnected};
use crate::store::redis::wrong::Wrong;
use crate::store::redis::{handshake, permissions, server_info};

/// The time limit for each of the two connections, the answers included.
const LIMIT: Duration = Duration::from_secs(2);

const SILENT: &str = "it does not accept the connection in time";

/// The purposes for which the rights are asked, in this order.
const PURPOSES: [Purpose; 3] = [Purpose::Cache, Purpose::Queues, Purpose::WarmStarts];

/// The settings of a cache that the examination of a Redis server needs.
#[derive(Debug, Clone)]
pub(crate) struct Examiner {
    pub(crate) topology: Topology,
    pub(crate) tenant: Tenant,
    /// The key that the examination deletes to test that the server accepts writes. It never has a
    /// value.
    pub(crate) nothing: Vec<u8>,
    /// The channel by which the examination tests the bus. `None` on a master of a Redis Cluster that
    /// does not have the bus.
    pub(crate) channel: Option<Vec<u8>>,
    /// `true` if the cache accepts every data set that the server may hold (`any_origin`).
    pub(crate) any_origin: bool,
    /// `true` if the cache marks its writes.
    pub(crate) has_intents: bool,
}

impl Examiner {
    /// Makes the examiner of the server at `url` for a cache with `namespace`.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if `url` is no address.
    pub(crate) fn new(settings: &RedisSettings<'_>) -> Result<Self, Wrong> {
        let namespace = settings.namespace;
        let channel = format!("{namespace}:{}", NodeId::random().channel());
        Ok(Self {
            topology: Topology::parse(settings)?,
            tenant: Tenant::of_server(namespace),
            nothing: format!("{namespace}:beat").into_bytes(),
            channel: Some(channel.into_bytes()),
            any_origin: settings.any_origin,
            has_intents: settings.has_intents,
        })
    }

    /// Connects to the server, asks it about itself and about the account's rights, and sends a
    /// message over the bus. If `looks_for_queues`, also looks for keys of queues among all keys.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if the server cannot be reached, refuses the login or the
    /// database, or gives no answer in time.
    pub(crate) async fn examine(&self, looks_for_queues: bool) -> Result<Examination, Unexamined> {
        let (mut connection, address) = self.connect().await?;
        let asked_at = SystemTime::now();
        let asked = timeout(LIMIT, self.ask(&mut connection)).await;
        let answers = match asked {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return Err(unreachable(&format!("{address:?}"), &shown(&error))),
            Err(_) => {
                let why = "it gives no answer in time";
                return Err(unreachable(&format!("{address:?}"), why));
            }
        };
        let mut found = self.read(&address, &answers, asked_at);
        if looks_for_queues {
            let looking = timeout(LIMIT, self.find_queue(&mut connection)).await;
            found.has_queues = looking.ok().flatten().unwrap_or(false);
        }
        if let Some(channel) = &self.channel {
            let sending = self.send_over_bus(connection, &address, channel);
            found.bus_round_trip = timeout(LIMIT, sending).await.ok().flatten();
        }
        found.sentinels = self.ask_sentinels().await;
        Ok(found)
    }

    /// Connects to the server that the cache would use. With sentinels, a server that is not the
    /// master is passed over, as the cache does.
    async fn connect(&self) -> Result<(MultiplexedConnection, Address), Unexamined> {
        let connecting = self.topology.connect(|address| async move {
            let connecting = self.connect_to(&address);
            let connection = match timeout(CONNECT_TIMEOUT, connecting).await {
                Ok(made) => made?,
                Err(_) => return Err(Unconnected::passing(SILENT)),
            };
            Ok((connection, address))
        });
        let connected = connecting.await;
        connected.map(|(made, _)| made).map_err(|error| {
            let why = error.why;
            let lasting = error.lasting.map(Lasting::wrong);
            lasting.unwrap_or_else(|| unreachable(&self.topology.shown(), &why))
        })
    }

    async fn connect_to(&self, address: &Address) -> Result<MultiplexedConnection, Unconnected> {
        let mut connection = address.connect(|_| Ok(())).await?;
        if self.topology.has_sentinels() {
            let checked = handshake::check_master(&mut connection, &self.nothing).await;
            checked.map_err(|error| Unconnected::of(address, &error))?;
        }
        Ok(connection)
    }

    /// Asks every sentinel for the master. Returns nothing without sentinels.
    async fn ask_sentinels(&self) -> Vec<SentinelAnswer> {
        let Topology::Sentinels(sentinels) = &self.topology else {
            return Vec::new();
        };
        let answers = ask_all(sentinels).await.into_iter();
        let told = |(address, answer): (Address, Result<Option<Answer>, Unconnected>)| {
            let master = match answer {
                Ok(Some(answer)) => Ok(answer.place.to_string()),
                Ok(None) => Err(format!("it knows no master `{}`", sentinels.name)),
                Err(error) => Err(error.why),
            };
            SentinelAnswer {
                sentinel: format!("{address:?}"),
                master,
            }
        };
        answers.map(told).collect()
    }

    async fn ask(&self, connection: &mut MultiplexedConnection) -> Result<Vec<Value>, RedisError> {
        let mut questions = Pipeline::new();
        questions.add_command(server_info::question());
        for purpose in PURPOSES {
            questions.add_command(permissions::question(&self.tenant, purpose));
        }
        questions.cmd("UNLINK").arg(&self.nothing[..]);
        questions.cmd("TIME");
        let count = questions.len();
        connection.send_packed_commands(&questions, 0, count).await
    }

    /// Reads the answers to the questions of [`ask`](Self::ask), which was sent at `asked_at`.
    fn read(&self, address: &Address, answers: &[Value], asked_at: SystemTime) -> Examination {
        let database = address.database();
        let [info, rights, of_queues, of_warm_starts, write, time] = answers else {
            // The client returns as many answers as it sent questions.
            return self.read(address, &[const { Value::Nil }; 6], asked_at);
        };
        let text = handshake::text(info);
        let missing_of = |purpose, answer| MissingRights::read(&self.tenant, purpose, answer);
        let mut missing = missing_of(Purpose::Cache, rights);
        if permissions::is_refused(info) {
            missing.add(INFO);
        }
        let refuses_writes = match write {
            Value::ServerError(error) if !permissions::is_refused(write) => {
                Some(error.code().to_owned())
            }
            _ => None,
        };
        Examination {
            address: format!("{address:?}"),
            database,
            info: text.map(|text| server_info::read(text, database)),
            refuses_writes,
            missing_for_queues: self
                .shown_rights(&missing_of(Purpose::Queues, of_queues).except(&missing)),
            missing_for_warm_starts: self
                .shown_rights(&missing_of(Purpose::WarmStarts, of_warm_starts).except(&missing)),
            missing_rights: self.shown_rights(&missing),
            has_queues: false,
            clock_ahead: clock_ahead(time, asked_at),
            bus_round_trip: None,
            sentinels: Vec::new(),
            cluster: None,
            has_min_replicas: text.map(|text| text.contains("\nmin_slaves_good_slaves:")),
        }
    }

    fn shown_rights(&self, missing: &MissingRights) -> Option<MissingRightsFound> {
        let can_be_spared =
            |command: &str| permissions::can_be_spared(command, self.any_origin, self.has_intents);
        (!missing.is_empty()).then(|| MissingRightsFound {
            commands: missing.to_string(),
            remedy: missing.remedy(),
            can_be_spared: missing.are_all(can_be_spared),
        })
    }

    /// Returns `true` if the namespace has a key of a queue. Returns `None` if Redis does not say so.
    async fn find_queue(&self, connection: &mut MultiplexedConnection) -> Option<bool> {
        let prefix = format!("{}:", self.tenant.namespace);
        let mut position = 0;
        loop {
            let scan = scan(prefix.as_bytes(), position, b"");
            let answer = connection.send_packed_command(&scan).await.ok()?;
            let (next, names) = queues::scanned(answer, 0, 0).ok()?;
            if !names.is_empty() || next == 0 {
                return Some(!names.is_empty());
            }
            position = next;
        }
    }

    /// Sends a message to `channel`, and returns the time until the message comes
    /// back. Returns `None` if the account may not subscribe, or a connection is lost.
    async fn send_over_bus(
        &self,
        mut sender: MultiplexedConnection,
        address: &Address,
        channel: &[u8],
    ) -> Option<Duration> {
        let is_sharded = self.tenant.is_in_cluster;
        // Dropping the receiver's connection ends its subscription.
        let (_receiver, mut messages) = subscribe(address, channel, is_sharded).await?;
        let sent = Instant::now();
        let mut publish = cmd(if is_sharded { "SPUBLISH" } else { "PUBLISH" });
        publish.arg(channel).arg("");
        sender.send_packed_command(&publish).await.ok()?;
        messages.recv().await?;
        Some(sent.elapsed())
    }
}

/// Subscribes to `channel` by a connection of its own, because a connection that carries commands
/// must not receive messages. Returns `None` if that fails.
async fn subscribe(
    address: &Address,
    channel: &[u8],
    is_sharded: bool,
) -> Option<(MultiplexedConnection, UnboundedReceiver<()>)> {
    let (arrived, messages) = unbounded_channel();
    let on_push = move |push: PushInfo| {
        if matches!(push.kind, PushKind::Message | PushKind::SMessage) {
            // The examination may have ended.
            let _ = arrived.send(());
        }
        Ok(())
    };
    let mut receiver = address.connect(on_push).await.ok()?;
    let mut subscription = cmd(if is_sharded {
        "SSUBSCRIBE"
    } else {
        "SUBSCRIBE"
    });
    subscription.arg(channel);
    let subscribed = receiver.send_packed_command(&subscription).await;
    subscribed.and_then(Value::extract_error).ok()?;
    Some((receiver, messages))
}

pub(crate) fn unreachable(what: &str, why: &str) -> Unexamined {
    let problem = format!("{what} cannot be reached: {why}");
    let remedy = "check the address, and that the server runs and can be reached from here";
    (problem, remedy.to_owned())
}

/// Returns the time by which the server's clock, read from `answer` to `TIME`, is ahead of the
/// clock of this machine, in milliseconds. The server read its clock between `asked_at` and now, so
/// a difference within that time counts as zero.
fn clock_ahead(answer: &Value, asked_at: SystemTime) -> Option<i64> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let numbers: Vec<i64> = parts
        .iter()
        .map(|part| handshake::text(part)?.parse().ok())
        .collect::<Option<_>>()?;
    let [seconds, microseconds] = numbers[..] else {
        return None;
    };
    let server = seconds
        .checked_mul(1_000)?
        .checked_add(microseconds / 1_000)?;
    let (began, ended) = (millis(asked_at)?, millis(SystemTime::now())?);
    Some(if server < began {
        server - began
    } else {
        (server - ended).max(0)
    })
}

fn millis(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seconds: &str, microseconds: &str) -> Value {
        let part = |text: &str| Value::BulkString(text.into());
        Value::Array(vec![part(seconds), part(microseconds)])
    }

    #[test]
    fn a_difference_of_clocks_is_told_with_its_sign() {
        let now = SystemTime::now();
        let at = |offset: i64| {
            let millis = millis(now).expect("after 1970") + offset;
            told(
                &(millis / 1_000).to_string(),
                &(millis % 1_000 * 1_000).to_string(),
            )
        };
        assert_eq!(clock_ahead(&at(0), now), Some(0));
        assert_eq!(clock_ahead(&at(-5_000), now), Some(-5_000));
        let ahead = clock_ahead(&at(60_000), now).expect("a time");
        assert!((50_000..=60_000).contains(&ahead), "{ahead}");
    }

    #[test]
    fn any_answer_is_read_without_a_panic() {
        let now = SystemTime::now();
        for answer in [
            Value::Nil,
            Value::Array(vec![]),
            told("", "1"),
            told("9223372036854775807", "1"),
        ] {
            assert_eq!(clock_ahead(&answer, now), None, "{answer:?}");
        }
    }
}
