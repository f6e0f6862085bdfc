//! The adapter that implements the port to a shared store (L2) with a Redis server.

pub(crate) mod acquire_args;
pub(crate) mod address;
pub(crate) mod cluster;
pub(crate) mod connected;
pub(crate) mod connection;
pub(crate) mod errors;
pub(crate) mod examine;
pub(crate) mod first_attempt;
pub(crate) mod handshake;
pub(crate) mod open;
pub(crate) mod operations;
pub(crate) mod permissions;
pub(crate) mod place;
pub(crate) mod prefix;
pub(crate) mod queue_keys;
pub(crate) mod queue_server;
pub(crate) mod read_batcher;
pub(crate) mod read_commands;
pub(crate) mod rejections;
pub(crate) mod reply;
pub(crate) mod resolver;
pub(crate) mod rights;
pub(crate) mod script;
pub(crate) mod sentinel;
pub(crate) mod server_info;
pub(crate) mod settings;
pub(crate) mod subscriber;
pub(crate) mod supervisor;
#[cfg(all(test, cachekit_faults))]
pub(crate) mod tests;
pub(crate) mod timeout;
pub(crate) mod tls;
pub(crate) mod topology;
pub(crate) mod unconnected;
pub(crate) mod write_marks;
pub(crate) mod write_queue;
pub(crate) mod wrong;

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Pipeline, Value, cmd};
use tokio::time::Instant;

use crate::base::fault::{Faults, guard, removed};
use crate::base::home_runtime::HomeRuntime;
use crate::store::event::EventSink;
use crate::store::failure::Failure;
use crate::store::fill::Fill;
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::EntryQuery;
use crate::store::redis::connected::Connected;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::examine::Examiner;
use crate::store::redis::prefix::Prefix;
use crate::store::redis::read_batcher::ReadBatcher;
use crate::store::redis::reply::{Problem, Said};
use crate::store::redis::rights::Tenant;
use crate::store::redis::script::{Call, Digests, OF_SERVER, Script, Scripts};
use crate::store::redis::sentinel::watch::SentinelWatch;
use crate::store::redis::settings::RedisSettings;
#[cfg(feature = "json")]
use crate::store::redis::subscriber::ASK;
use crate::store::redis::subscriber::{Channels, Source, Subscriber};
use crate::store::redis::topology::Topology;
use crate::store::redis::wrong::Wrong;

/// The store (L2) on one Redis server at a time, with this process's connections to the server.
#[derive(Debug)]
pub(crate) struct Redis {
    prefix: Prefix,
    connections: Arc<ConnectionManager>,
    reads: ReadBatcher,
    scripts: Arc<Scripts>,
    subscriber: Subscriber<Topology>,
    /// The subscriptions to the sentinels. `None` without sentinels.
    sentinels: Option<SentinelWatch>,
    /// `true` if the cache accepts every data set that the server may hold, even the data set of
    /// another server.
    any_origin: bool,
    examiner: Examiner,
    faults: Faults,
}

impl Redis {
    /// Connects to the server in `settings`, by tasks on `home`. If the server is unreachable now,
    /// a background task connects as soon as the server can be reached.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy if the address cannot be parsed, the server refuses the
    /// login, the database does not exist, or the account may not run a command that the cache
    /// needs. The cache needs `INFO` unless it accepts entries from any data set of the server
    /// (`any_origin`).
    pub(crate) async fn open(
        settings: RedisSettings<'_>,
        home: Arc<HomeRuntime>,
        node: NodeId,
        sink: EventSink,
    ) -> Result<Self, Wrong> {
        let examiner = Examiner::new(&settings)?;
        let RedisSettings {
            namespace,
            any_origin,
            has_intents,
            has_answers,
            faults,
            ..
        } = settings;
        let topology = examiner.topology.clone();
        let sentinels = match &topology {
            Topology::Sentinels(sentinels) if !removed!(settings, IgnoreSwitch) => Some(
                SentinelWatch::open(Arc::clone(&home), Arc::clone(sentinels)),
            ),
            Topology::Server(_) | Topology::Sentinels(_) => None,
        };
        let scripts = Arc::new(Scripts::new(&settings, &OF_SERVER));
        let prefix = Prefix::new(&settings);
        let (connections, first) = ConnectionManager::open(
            Arc::clone(&home),
            topology.clone(),
            Tenant::of_server(namespace),
            Arc::clone(&scripts),
            unused(&prefix.bytes),
            Arc::clone(&sink),
        )
        .await;
        let spares_info = guard!(settings, BelieveUnknown: any_origin);
        let can_be_spared = |it: &str| permissions::can_be_spared(it, spares_info, has_intents);
        first_attempt::judge(&connections, &topology, first, can_be_spared)?;
        let channels = Channels::new(namespace, node, has_answers);
        let source = Source {
            resolver: topology,
            nothing: beats(&prefix.bytes),
            faults,
        };
        let subscriber = Subscriber::open(Arc::clone(&home), source, channels, sink);
        let connections = Arc::new(connections);
        let reads = ReadBatcher::new(home, Arc::clone(&connections), prefix.clone());
        Ok(Self {
            prefix,
            connections,
            reads,
            scripts,
            subscriber,
            sentinels,
            any_origin,
            examiner,
            faults,
        })
    }

    fn full(&self, name: &StoreKey) -> Vec<u8> {
        self.prefix.full(name)
    }

    fn connected(&self) -> Result<Arc<Connected>, Failure> {
        self.connections.current().ok_or(Failure::Unavailable)
    }

    /// Sends `commands` to Redis, waits for the answers until the time `until`, and parses the
    /// answers with the function `read`.
    async fn run<T>(
        &self,
        commands: &Pipeline,
        until: Instant,
        read: impl FnOnce(Vec<Value>) -> Said<T>,
    ) -> Result<T, Failure> {
        let connected = self.connected()?;
        let values = self.connections.run(&connected, commands, until).await?;
        self.said(&connected, read(values))
    }

    /// Returns the parsed answer in `said`, or converts its problem into the failure of the
    /// operation. An answer of a wrong form can belong to another command. After such an answer,
    /// discards the connection `connected`, because its later answers can be wrong too.
    fn said<T>(&self, connected: &Arc<Connected>, said: Said<T>) -> Result<T, Failure> {
        said.map_err(|problem| match problem {
            Problem::Refused(code) => Failure::Rejected(code),
            Problem::MalformedReply => {
                self.connections.discard_connection(connected);
                Failure::Indeterminate
            }
        })
    }

    /// Returns the command that reads the versions of the entry's value tags. Returns `None` if
    /// `query` does not ask for value tags.
    fn value_tags(&self, query: EntryQuery<'_>, digests: &Digests) -> Option<Cmd> {
        query.with_value_tags.then(|| {
            let known = query.versions.len().to_string();
            let call = Call::new(
                [self.full(query.entry)],
                [self.prefix.bytes.to_vec(), known.into()],
            );
            self.scripts.by_digest(Script::Late, digests, &call)
        })
    }

    fn filling(&self, fill: &Fill, origin: [u8; 8]) -> Call {
        let mut call = Call::with_room(16, 768 + fill.bytes.len());
        self.add_key(&mut call, &fill.fencing_token.entry);
        let names = fill.versions.iter().chain(&fill.guards);
        for name in names.chain(&fill.value_tags) {
            self.add_key(&mut call, name);
        }
        if let Some(copies) = fill.copies().filter(|_| !removed!(self, SpareCopies)) {
            self.add_key(&mut call, &copies);
        }
        let token = &fill.fencing_token;
        let recorded = fill.grant.versions.iter().chain(&fill.grant.guards);
        call.add(&token.token.0)
            .add(token.holder.as_ref().map_or(&[], |holder| &holder.0))
            .add(&fill.bytes)
            .add_number(whole_millis(fill.kept))
            .add_number(whole_millis(fill.version_life))
            .add_number(fill.versions.len() as u64)
            .add_number(fill.guards.len() as u64)
            .add_parts(recorded.map(|version| &version.0))
            .add_number(endless(&fill.versions))
            .add_parts([&*self.prefix.bytes, b"wake"])
            .add(token.entry.as_bytes());
        if !fill.value_tags.is_empty() || fill.is_written() {
            call.add(&nonce())
                .add(&origin)
                .add_number(fill.value_tags.len() as u64)
                .add(if fill.any_origin { b"o" } else { b"" });
        }
        if fill.is_written() {
            let order = fill.order.map(u64::to_be_bytes);
            let message = fill.message.as_ref().map_or(vec![], BusMessage::write);
            call.add(order.as_ref().map_or(&[], |order| order))
                .add(&self.bus())
                .add(&message)
                .add(&self.marks())
                .add(fill.ended.as_ref().map_or(&[], |mark| mark.as_bytes()));
        }
        call
    }

    fn add_key(&self, call: &mut Call, name: &StoreKey) {
        call.add_key(&self.prefix.bytes, &self.prefix.rest(name));
    }

    fn bus(&self) -> Vec<u8> {
        [&*self.prefix.bytes, b"bus"].concat()
    }

    fn publishing(&self, whom: Option<NodeId>, message: &BusMessage) -> Cmd {
        let channel = whom.map_or_else(|| "bus".to_owned(), NodeId::channel);
        let mut publish = cmd("PUBLISH");
        publish.arg([&*self.prefix.bytes, channel.as_bytes()].concat());
        publish.arg(self.told(message));
        publish
    }

    #[cfg(feature = "json")]
    fn asking(&self, question: &BusMessage) -> Cmd {
        let mut publish = cmd("PUBLISH");
        publish.arg([&*self.prefix.bytes, ASK.as_bytes()].concat());
        publish.arg(question.write());
        publish
    }

    fn told(&self, message: &BusMessage) -> Vec<u8> {
        let mut text = message.write();
        if removed!(self, SpeakUnknown) && matches!(message, BusMessage::Invalidated { .. }) {
            text[2] = 0x7f;
        }
        text
    }

    fn full_channel(&self) -> Vec<u8> {
        [&*self.prefix.bytes, b"wake"].concat()
    }

    /// Runs the Lua script `script` on the Redis server by its digest, or by its text if the server
    /// has lost the script. Returns the server's answer.
    async fn script(
        &self,
        connected: &Arc<Connected>,
        script: Script,
        call: &Call,
        until: Instant,
    ) -> Result<Value, Failure> {
        let mut commands = Pipeline::new();
        commands.add_command(
            self.scripts
                .by_digest(script, &connected.greeting.digests, call),
        );
        let mut values = self.connections.run(connected, &commands, until).await?;
        let value = values.pop().unwrap_or(Value::Nil);
        if is_unknown_script(&value) {
            self.by_text(connected, script, call, until).await
        } else {
            Ok(value)
        }
    }

    /// Runs the Lua script `script` by its text, after the Redis server answered that it does not
    /// know the digest of `script`. The server did nothing in the first attempt, so the script does
    /// not run twice.
    async fn by_text(
        &self,
        connected: &Arc<Connected>,
        script: Script,
        call: &Call,
        until: Instant,
    ) -> Result<Value, Failure> {
        let mut commands = Pipeline::new();
        commands.add_command(self.scripts.by_text(script, call));
        let mut values = self.connections.run(connected, &commands, until).await?;
        Ok(values.pop().unwrap_or(Value::Nil))
    }

    /// Runs the Lua script `script`, whose answer must be a number, and ignores that number.
    /// Returns a failure for any other answer.
    async fn order(&self, script: Script, call: Call, until: Instant) -> Result<(), Failure> {
        let connected = self.connected()?;
        let value = self.script(&connected, script, &call, until).await?;
        match value {
            Value::Int(_) => Ok(()),
            other => self.said(&connected, Err(reply::problem(&other))),
        }
    }
}

/// Returns the Redis key that the handshake and each heartbeat delete to test that the server takes
/// writes. The key never has a value.
fn beats(prefix: &[u8]) -> Vec<u8> {
    [prefix, b"beat"].concat()
}

/// Returns Redis keys that never have a value, and that a Redis Cluster puts into several slots. The
/// names of guards are unused, because the prefix of a tag is empty or ends with a colon.
fn unused(prefix: &[u8]) -> Vec<Vec<u8>> {
    let guards = ["g:beat", "g:beats"].map(|name| [prefix, name.as_bytes()].concat());
    std::iter::once(beats(prefix)).chain(guards).collect()
}

fn is_unknown_script(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == "NOSCRIPT")
}

/// Returns the number of `versions` that never expire. The caller must put versions that never
/// expire first in `versions`.
fn endless(versions: &[StoreKey]) -> u64 {
    versions
        .iter()
        .take_while(|name| name.never_expires())
        .count() as u64
}

/// Returns the number of milliseconds in `length`, within the range that Redis accepts.
fn whole_millis(length: Duration) -> u64 {
    const LONGEST: u64 = u64::MAX >> 12;
    u64::try_from(length.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}

/// Returns the digits of [`whole_millis`].
fn millis(length: Duration) -> Vec<u8> {
    whole_millis(length).to_string().into()
}

/// Makes 8 random bytes, from which a Lua script in Redis makes new versions. The script adds the
/// server's time to the bytes.
fn nonce() -> Vec<u8> {
    crate::encoding::envelope::Token::random().0[..8].into()
}
