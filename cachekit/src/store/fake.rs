//! The fake store: a store in memory for tests, with faults on demand.
//!
//! The fake store gives the answers that Redis would give, step for step. The cases in
//! `store/tests/conformance` run on the fake store and on Redis. The fake store uses tokio's time,
//! which stands still while a test pauses the time.

pub(crate) mod controls;
pub(crate) mod data;
#[cfg(cachekit_faults)]
pub(crate) mod interventions;
pub(crate) mod marks;
pub(crate) mod round_trip;
pub(crate) mod shared;
pub(crate) mod steps;
#[cfg(cachekit_faults)]
pub(crate) mod traffic;
pub(crate) mod trouble;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::{Faults, removed};
use crate::encoding::envelope::Version;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::server_info::ServerInfo;
use crate::store::event::{EventSink, StoreEvent};
use crate::store::fake::data::Data;
use crate::store::fake::shared::{Listener, Shared};
use crate::store::fake::trouble::Op;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{
    AcquireRequest, Acquired, EntryQuery, ExaminationFuture, Found, LeaseTimes, MadeBy,
    NeededVersions, Store, StoreFuture, copies,
};
use crate::store::write_mark::{DueMark, WriteMark};
use crate::store::write_queue::WriteQueue;

/// The handle of one cache to the fake store.
pub(crate) struct Fake {
    shared: Arc<Shared>,
    /// The position of this cache in the order of opening, from zero.
    number: usize,
    faults: Faults,
    sink: EventSink,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}

impl Fake {
    fn new(shared: Arc<Shared>, node: NodeId, sink: EventSink) -> Self {
        let (number, is_cut) = {
            let mut state = shared.lock();
            let (number, is_cut) = (state.opened, state.is_cut);
            state.opened += 1;
            state.listeners.push(Listener {
                number,
                node,
                sink: Arc::downgrade(&sink),
                subscription: (!is_cut).then_some(1),
                on_their_way: None,
            });
            (number, is_cut)
        };
        if !is_cut {
            sink(StoreEvent::Subscribed(1));
        }
        Self {
            shared,
            number,
            faults: Faults::default(),
            sink,
        }
    }
}

impl Store for Fake {
    fn is_up(&self) -> bool {
        let state = self.shared.lock();
        !state.is_unreachable && !state.dead.contains(&self.number)
    }

    fn is_of_data_set(&self, made: MadeBy<'_>) -> bool {
        let origin = self.shared.lock().data.origin();
        made.origins().all(|(_, made_by)| made_by == origin)
    }

    fn ask_origin<'a>(&'a self, made: MadeBy<'a>, _: Instant) -> StoreFuture<'a, bool> {
        Box::pin(std::future::ready(Ok(self.is_of_data_set(made))))
    }

    /// The fake store loses nothing while a test runs, so queued writes are accepted unless a test
    /// says otherwise.
    fn server_info(&self, _: Instant) -> StoreFuture<'_, ServerInfo> {
        let info = ServerInfo {
            eviction_policy: "noeviction".to_owned(),
            has_append_only_file: !self.shared.lock().is_volatile,
            ..ServerInfo::default()
        };
        Box::pin(std::future::ready(Ok(info)))
    }

    fn examine(&self) -> ExaminationFuture<'_> {
        let problem = "the store of a test has no server".to_owned();
        Box::pin(std::future::ready(Err((problem, "use a Redis".to_owned()))))
    }

    fn resubscribe(&self) {}

    /// Replaces this cache's bus subscription, as a store with connections does.
    fn begin_tasks(&self) {
        let (ended, begun) = {
            let mut state = self.shared.lock();
            state.subscriptions += 1;
            let begun = state.subscriptions + 1;
            let number = self.number;
            let mut listeners = state.listeners.iter_mut();
            let listener = listeners.find(|listener| listener.number == number);
            (
                listener.and_then(|it| it.subscription.replace(begun)),
                begun,
            )
        };
        if let Some(ended) = ended {
            (self.sink)(StoreEvent::Unsubscribed(ended));
        }
        (self.sink)(StoreEvent::Subscribed(begun));
    }

    fn discard_connection(&self, _: &StoreKey) {
        self.shared.lock().suspicions += 1;
    }

    fn connections(&self) -> u64 {
        1
    }

    fn server(&self) -> Option<String> {
        None
    }

    fn write_queue(&self) -> &dyn WriteQueue {
        &self.shared.1
    }

    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found> {
        let (entry, (versions, beside), value_tags) = owned(query);
        let step = move |data: &mut Data| data.find(&entry, (&versions, &beside), value_tags);
        Box::pin(self.ask(Op::Read, std::slice::from_ref(query.entry), until, step))
    }

    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>> {
        let asked = names.to_vec();
        let step = move |data: &mut Data| data.versions(&asked);
        Box::pin(self.ask(Op::Versions, names, until, step))
    }

    fn ensure_versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        life: Duration,
        _any_origin: bool,
        until: Instant,
    ) -> StoreFuture<'a, Vec<Version>> {
        let asked = names.to_vec();
        let step = move |data: &mut Data| data.make_versions(&asked, &[], life);
        Box::pin(self.ask(Op::EnsureVersions, names, until, step))
    }

    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired> {
        let ((entry, (versions, _), _), request) = (owned(query), request.clone());
        let step = move |data: &mut Data| data.acquire(&entry, &versions, &request);
        Box::pin(self.ask(Op::Acquire, std::slice::from_ref(query.entry), until, step))
    }

    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)> {
        let ((entry, (versions, beside), value_tags), request) = (owned(query), request.clone());
        let step = move |data: &mut Data| {
            let found = data.find(&entry, (&versions, &beside), value_tags);
            (found, data.acquire(&entry, &versions, &request))
        };
        let names = std::slice::from_ref(query.entry);
        Box::pin(self.ask(Op::ReadOrAcquire, names, until, step))
    }

    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled> {
        let names = std::slice::from_ref(&fill.fencing_token.entry);
        let message = fill.message.clone();
        let fill = fill.clone();
        let copies = fill.copies().filter(|_| !removed!(self, SpareCopies));
        let step = move |data: &mut Data| data.fill(&fill, copies.as_ref());
        Box::pin(async move {
            let tell = |filled: &Filled| match &message {
                Some(message) if *filled == Filled::Stored => self.publish(None, message),
                _ => {}
            };
            self.ask_and_tell(Op::Fill, names, until, step, tell).await
        })
    }

    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let names = std::slice::from_ref(&fencing_token.entry);
        let (fencing_token, kept, life) =
            (fencing_token.clone(), needed.names.to_vec(), needed.life);
        let step = move |data: &mut Data| data.renew(&fencing_token, lease_times, (&kept, life));
        Box::pin(self.ask(Op::Renew, names, until, step))
    }

    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let names = std::slice::from_ref(&fencing_token.entry);
        let fencing_token = fencing_token.clone();
        let step = move |data: &mut Data| data.release(&fencing_token);
        Box::pin(self.ask(Op::Release, names, until, step))
    }

    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        ended: &'a [WriteMark],
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let copies = copies(names).filter(|_| !removed!(self, SpareCopies));
        let doomed: Vec<StoreKey> = names.iter().cloned().chain(copies).collect();
        let ended = ended.to_vec();
        let step = move |data: &mut Data| {
            match mode {
                InvalidationMode::Hard => data.remove(&doomed),
                InvalidationMode::Soft => data.invalidate_softly(&doomed),
            }
            data.marks.unmark(&ended);
        };
        let tell = |(): &()| self.publish(None, message);
        Box::pin(self.ask_and_tell(Op::Invalidate, names, until, step, tell))
    }

    fn mark<'a>(
        &'a self,
        mark: &'a WriteMark,
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let mark = mark.clone();
        let step = move |data: &mut Data| data.marks.mark(&mark, life);
        Box::pin(self.ask(Op::Mark, &[], until, step))
    }

    fn unmark<'a>(&'a self, ended: &'a [WriteMark], until: Instant) -> StoreFuture<'a, ()> {
        let ended = ended.to_vec();
        let step = move |data: &mut Data| data.marks.unmark(&ended);
        Box::pin(self.ask(Op::Unmark, &[], until, step))
    }

    fn sweep(&self, most: usize, until: Instant) -> StoreFuture<'_, Vec<DueMark>> {
        let listening = self.shared.listening();
        let step = move |data: &mut Data| data.marks.sweep(most, &listening);
        Box::pin(self.ask(Op::Sweep, &[], until, step))
    }

    fn remember<'a>(
        &'a self,
        name: &'a StoreKey,
        bytes: &'a [u8],
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let (name, bytes) = (name.clone(), bytes.to_vec());
        Box::pin(async move {
            let names = [name.clone()];
            let remember = move |data: &mut Data| data.set(&name, bytes, Some(life));
            self.ask(Op::Remember, &names, until, remember).await
        })
    }

    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let tell = move |(): &()| {
            if let Some(hello) = hello {
                self.publish(None, hello);
            }
            self.publish(Some(node), echo);
        };
        Box::pin(self.ask_and_tell(Op::Heartbeat, &[], until, |_| (), tell))
    }

    #[cfg(feature = "json")]
    fn ask<'a>(&'a self, question: &'a BusMessage, until: Instant) -> StoreFuture<'a, usize> {
        Box::pin(async move {
            let tell = |(): &()| self.publish(None, question);
            let nodes = self.shared.listening().len();
            let asked = self.ask_and_tell(Op::Tell, &[], until, |_| (), tell);
            asked.await.map(|()| nodes)
        })
    }

    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let tell = move |(): &()| self.publish(whom, message);
        Box::pin(self.ask_and_tell(Op::Tell, &[], until, |_| (), tell))
    }
}

fn owned(query: EntryQuery<'_>) -> (StoreKey, (Vec<StoreKey>, Vec<StoreKey>), bool) {
    (
        query.entry.clone(),
        (query.versions.to_vec(), query.beside.to_vec()),
        query.with_value_tags,
    )
}
