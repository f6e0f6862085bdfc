//! The operations of the store (L2) on a Redis Cluster.

use std::time::Duration;

use redis::cmd;
use tokio::time::Instant;

use crate::base::fault::{guard, removed};
use crate::encoding::envelope::Version;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::server_info::ServerInfo;
#[cfg(feature = "json")]
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{
    AcquireRequest, Acquired, EntryQuery, ExaminationFuture, Found, LeaseTimes, MadeBy,
    NeededVersions, Store, StoreFuture, UNKNOWN_ORIGIN,
};
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{millis, reply, write_marks};
use crate::store::write_mark::{DueMark, LAST_ROUND, WriteMark, pause_after};
use crate::store::write_queue::WriteQueue;

impl Store for Cluster {
    fn is_up(&self) -> bool {
        let believes = guard!(self, BelieveUnknown: self.any_origin);
        self.links.all().iter().any(|(_, link)| {
            let connected = link.connections.current();
            connected.is_some_and(|it| believes || it.origin() != UNKNOWN_ORIGIN)
        })
    }

    fn has_data_sets(&self) -> bool {
        true
    }

    fn is_of_data_set(&self, made: MadeBy<'_>) -> bool {
        self.is_of_masters(made)
    }

    fn ask_origin<'a>(&'a self, made: MadeBy<'a>, until: Instant) -> StoreFuture<'a, bool> {
        Box::pin(self.ask_origin_of(made, until))
    }

    fn server_info(&self, until: Instant) -> StoreFuture<'_, ServerInfo> {
        Box::pin(self.ask_masters(until))
    }

    fn examine(&self) -> ExaminationFuture<'_> {
        Box::pin(async move {
            let links = self.links.all().into_iter();
            let known: Vec<_> = links.map(|(place, _)| place).collect();
            self.examiner.examine(&known, false).await
        })
    }

    fn resubscribe(&self) {
        // Another master may have the bus slot.
        self.links.doubt();
        self.subscriber.leave();
    }

    fn discard_connection(&self, entry: &StoreKey) {
        if !removed!(self, KeepSuspect) {
            self.discard(self.names.full(entry).slot);
        }
    }

    fn is_one_server(&self) -> bool {
        false
    }

    fn reaches(&self, name: &StoreKey) -> bool {
        self.is_connected_to(name)
    }

    fn forget(&self, names: &[StoreKey]) {
        self.remembered.forget(names);
        self.forget_guards_of(names);
    }

    fn forget_all(&self) {
        self.remembered.forget_all();
    }

    fn begin_tasks(&self) {
        self.begin_again();
    }

    fn connections(&self) -> u64 {
        self.links.connects()
    }

    /// Returns the addresses of the masters to which connections exist.
    fn server(&self) -> Option<String> {
        let links = self.links.all().into_iter();
        let connected = links.filter_map(|(_, link)| link.connections.current());
        let shown = connected.map(|connected| format!("{:?}", connected.address));
        let shown: Vec<_> = shown.collect();
        (!shown.is_empty()).then(|| shown.join(","))
    }

    fn write_queue(&self) -> &dyn WriteQueue {
        self
    }

    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found> {
        Box::pin(self.read_entry(query, until))
    }

    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>> {
        Box::pin(self.read_versions(names, until))
    }

    fn ensure_versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        life: Duration,
        any_origin: bool,
        until: Instant,
    ) -> StoreFuture<'a, Vec<Version>> {
        Box::pin(self.make_versions(names, life, any_origin, until))
    }

    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired> {
        Box::pin(self.acquire_lease(query, request, until))
    }

    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)> {
        Box::pin(self.read_and_acquire(query, request, until))
    }

    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled> {
        Box::pin(self.store(fill, until))
    }

    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.renew_lease(fencing_token, lease_times, needed, until))
    }

    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.end_lease(fencing_token, until))
    }

    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        ended: &'a [WriteMark],
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.remove(names, mode, (ended, message), until))
    }

    fn mark<'a>(
        &'a self,
        mark: &'a WriteMark,
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let call = Call::new([self.names.marks()], [mark.as_bytes().into(), millis(life)]);
        Box::pin(async move {
            let group = self.on_bus().with_script(Script::Mark, call);
            self.count(group, until).await.map(drop)
        })
    }

    fn unmark<'a>(&'a self, ended: &'a [WriteMark], until: Instant) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let remove = self.unmarking(ended);
            let removed = self.count(self.on_bus().with(remove), until).await;
            removed.map(drop)
        })
    }

    fn sweep(&self, most: usize, until: Instant) -> StoreFuture<'_, Vec<DueMark>> {
        Box::pin(async move {
            let pauses = (1..=LAST_ROUND).map(|round| millis(pause_after(round)));
            let args = [most.to_string().into(), vec![]];
            let call = Call::new([self.names.marks()], args.into_iter().chain(pauses));
            let group = self.on_bus().with_script(Script::Sweep, call);
            let (due, speaker) = self.run_one(group, until).await?.last();
            speaker.said(write_marks::due(due))
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
            let placed = self.names.full(name);
            let mut set = cmd("SET");
            set.arg(&placed.key[..]).arg(bytes);
            set.arg("PX").arg(&millis(life)[..]);
            let answer = self
                .run_one(Group::new(placed.slot).with(set), until)
                .await?;
            answer.speaker.said(reply::okay(&answer.values))
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
            self.names.node(node),
            echo.write(),
            self.names.bus().into(),
            hello.map_or(vec![], BusMessage::write),
            b"SPUBLISH".into(),
        ];
        let call = Call::new([self.names.beat()], args);
        Box::pin(async move {
            let group = self.on_bus().with_script(Script::Beat, call);
            self.count(group, until).await.map(drop)
        })
    }

    #[cfg(feature = "json")]
    fn ask<'a>(&'a self, question: &'a BusMessage, until: Instant) -> StoreFuture<'a, usize> {
        Box::pin(async move {
            let channel = self.names.questions();
            let receivers = self.publish(&channel, &question.write(), until).await?;
            usize::try_from(receivers).map_err(|_| Failure::Indeterminate)
        })
    }

    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let channel = whom.map_or_else(|| self.names.bus().into(), |it| self.names.node(it));
            let told = self.publish(&channel, &self.told(message), until).await;
            told.map(drop)
        })
    }
}
