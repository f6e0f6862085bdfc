//! The operations of the store (L2) on Redis: the commands that each operation sends, and the
//! parsing of their answers.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use redis::{Pipeline, Value};
use tokio::time::Instant;

use crate::base::fault::{guard, removed};
use crate::encoding::envelope::Version;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::server_info::ServerInfo;
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{
    AcquireRequest, Acquired, EntryQuery, ExaminationFuture, Found, LeaseTimes, MadeBy,
    NeededVersions, Store, StoreFuture, UNKNOWN_ORIGIN,
};
use crate::store::redis::connected::Connected;
use crate::store::redis::handshake;
use crate::store::redis::read_commands::ReadPipeline;
use crate::store::redis::reply;
use crate::store::redis::script::{Call, Script};
use crate::store::redis::server_info;
use crate::store::redis::{Redis, beats, is_unknown_script, millis, nonce, write_marks};
use crate::store::write_mark::{DueMark, WriteMark};
use crate::store::write_queue::WriteQueue;

impl Store for Redis {
    fn is_up(&self) -> bool {
        // A server that does not report its data set is not used, unless any data set is accepted.
        let believes = guard!(self, BelieveUnknown: self.any_origin);
        self.connections
            .current()
            .is_some_and(|connected| believes || connected.origin() != UNKNOWN_ORIGIN)
    }

    fn is_of_data_set(&self, made: MadeBy<'_>) -> bool {
        let connected = self.connections.current();
        let origin = connected.map_or(UNKNOWN_ORIGIN, |connected| connected.origin());
        guard!(self, BelieveUnknown: origin != UNKNOWN_ORIGIN)
            && made.origins().all(|(_, made_by)| made_by == origin)
    }

    fn ask_origin<'a>(&'a self, made: MadeBy<'a>, until: Instant) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let connected = self.connected()?;
            let mut commands = Pipeline::new();
            commands.add_command(handshake::origin_question());
            let values = self.connections.run(&connected, &commands, until).await?;
            if let Some(info) = values.first().and_then(handshake::text) {
                connected.set_origin(handshake::origin(info));
            }
            Ok(self.is_of_data_set(made))
        })
    }

    fn server_info(&self, until: Instant) -> StoreFuture<'_, ServerInfo> {
        Box::pin(async move {
            let mut commands = Pipeline::new();
            commands.add_command(server_info::question());
            let database = self.examiner.topology.database();
            let read = |values: Vec<Value>| reply::server_info(&values, database);
            self.run(&commands, until, read).await
        })
    }

    fn examine(&self) -> ExaminationFuture<'_> {
        Box::pin(self.examiner.examine(false))
    }

    fn resubscribe(&self) {
        self.subscriber.leave();
    }

    fn discard_connection(&self, _: &StoreKey) {
        if let Some(connected) = self.connections.current()
            && !removed!(self, KeepSuspect)
        {
            self.connections.discard_connection(&connected);
        }
    }

    fn begin_tasks(&self) {
        if let Some(sentinels) = &self.sentinels {
            sentinels.begin_again();
        }
        self.reads.begin_again();
        self.connections.begin_again();
        self.subscriber.begin_again();
    }

    fn connections(&self) -> u64 {
        self.connections.connects()
    }

    fn server(&self) -> Option<String> {
        let connected = self.connections.current()?;
        Some(format!("{:?}", connected.address))
    }

    fn write_queue(&self) -> &dyn WriteQueue {
        self
    }

    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found> {
        let connected = match self.connected() {
            Ok(connected) => connected,
            Err(failure) => return Box::pin(ready(Err(failure))),
        };
        let value_tags = self.value_tags(query, &connected.greeting.digests);
        let judge = |connected: &Arc<Connected>, found| self.said(connected, found);
        self.reads.read(connected, query, value_tags, until, judge)
    }

    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>> {
        Box::pin(async move {
            let mut commands = Pipeline::new();
            commands.cmd("MGET");
            for name in names {
                commands.arg(&self.full(name)[..]);
            }
            let read = |mut values: Vec<Value>| {
                reply::versions(values.pop().unwrap_or(Value::Nil), names.len())
            };
            self.run(&commands, until, read).await
        })
    }

    fn ensure_versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        life: Duration,
        any_origin: bool,
        until: Instant,
    ) -> StoreFuture<'a, Vec<Version>> {
        Box::pin(async move {
            let connected = self.connected()?;
            let digit = |name: &StoreKey| if name.never_expires() { b'1' } else { b'0' };
            let args = [
                nonce(),
                connected.origin().into(),
                millis(life),
                if any_origin { b"o".into() } else { vec![] },
                names.iter().map(digit).collect(),
            ];
            let call = Call::new(names.iter().map(|name| self.full(name)), args);
            let value = self
                .script(&connected, Script::Versions, &call, until)
                .await?;
            let made = reply::made_versions(value, call.nonce(), names.len());
            self.said(&connected, made)
        })
    }

    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired> {
        Box::pin(async move {
            let connected = self.connected()?;
            let origin = connected.origin();
            let call = self.acquiring(query, request, origin);
            let value = self
                .script(&connected, Script::Acquire, &call, until)
                .await?;
            self.said(
                &connected,
                reply::acquired(value, call.nonce(), query.versions.len(), origin),
            )
        })
    }

    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)> {
        Box::pin(async move {
            let connected = self.connected()?;
            let origin = connected.origin();
            let call = self.acquiring(query, request, origin);
            let digests = &connected.greeting.digests;
            let mut question = ReadPipeline::alone();
            let value_tags = self.value_tags(query, digests);
            question.add(&self.prefix, query, value_tags);
            let (mut commands, expected) = question.asked();
            commands.add_command(self.scripts.by_digest(Script::Acquire, digests, &call));
            let mut values = self.connections.run(&connected, &commands, until).await?;
            let mut acquired = values.pop().unwrap_or(Value::Nil);
            let found = expected.found(values).pop().ok_or(Failure::Indeterminate)?;
            let found = self.said(&connected, found)?;
            if is_unknown_script(&acquired) {
                acquired = self
                    .by_text(&connected, Script::Acquire, &call, until)
                    .await?;
            }
            let acquired = reply::acquired(acquired, call.nonce(), query.versions.len(), origin);
            Ok((found, self.said(&connected, acquired)?))
        })
    }

    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled> {
        Box::pin(async move {
            let connected = self.connected()?;
            let call = self.filling(fill, connected.origin());
            let value = self.script(&connected, Script::Fill, &call, until).await?;
            self.said(&connected, reply::filled(&value))
        })
    }

    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let names = std::iter::once(&fencing_token.entry).chain(needed.names);
        let args = [
            fencing_token.token.0.into(),
            fencing_token
                .holder
                .map_or(vec![], |holder| holder.0.into()),
            millis(lease_times.lease),
            millis(lease_times.room),
            millis(needed.life),
        ];
        let call = Call::new(names.map(|name| self.full(name)), args);
        Box::pin(self.order(Script::Renew, call, until))
    }

    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let args = [
            fencing_token
                .holder
                .map_or(vec![], |holder| holder.0.into()),
            self.full_channel(),
            fencing_token.entry.as_bytes().into(),
        ];
        let call = Call::new([self.full(&fencing_token.entry)], args);
        Box::pin(self.order(Script::Release, call, until))
    }

    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        ended: &'a [WriteMark],
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if mode == InvalidationMode::Soft {
                return self.invalidate_softly(names, ended, message, until).await;
            }
            self.remove(names, ended, message, until).await
        })
    }

    fn mark<'a>(
        &'a self,
        mark: &'a WriteMark,
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.order(Script::Mark, self.marking(mark, life), until))
    }

    fn unmark<'a>(&'a self, ended: &'a [WriteMark], until: Instant) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut commands = Pipeline::new();
            commands.add_command(self.unmarking(ended));
            self.run(&commands, until, |values| reply::numbers(&values))
                .await
        })
    }

    fn sweep(&self, most: usize, until: Instant) -> StoreFuture<'_, Vec<DueMark>> {
        Box::pin(async move {
            let (connected, call) = (self.connected()?, self.sweeping(most));
            let value = self.script(&connected, Script::Sweep, &call, until).await?;
            self.said(&connected, write_marks::due(value))
        })
    }

    fn remember<'a>(
        &'a self,
        name: &'a StoreKey,
        bytes: &'a [u8],
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut commands = Pipeline::new();
            let set = commands.cmd("SET").arg(&self.full(name)[..]).arg(bytes);
            set.arg("PX").arg(&millis(life)[..]);
            self.run(&commands, until, |values| reply::okay(&values))
                .await
        })
    }

    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let args = [
            [&*self.prefix.bytes, node.channel().as_bytes()].concat(),
            echo.write(),
            self.bus(),
            hello.map_or(vec![], BusMessage::write),
            b"PUBLISH".into(),
        ];
        let call = Call::new([beats(&self.prefix.bytes)], args);
        Box::pin(async move {
            let connected = self.connected()?;
            let value = self.script(&connected, Script::Beat, &call, until).await?;
            self.said(&connected, reply::numbers(&[value]))
        })
    }

    #[cfg(feature = "json")]
    fn ask<'a>(&'a self, question: &'a BusMessage, until: Instant) -> StoreFuture<'a, usize> {
        Box::pin(async move {
            let mut commands = Pipeline::new();
            commands.add_command(self.asking(question));
            self.run(&commands, until, |values| reply::receivers(&values))
                .await
        })
    }

    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut commands = Pipeline::new();
            commands.add_command(self.publishing(whom, message));
            self.run(&commands, until, |values| reply::numbers(&values))
                .await
        })
    }
}
