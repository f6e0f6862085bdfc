//! The store (L2) behind its circuit breaker.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::home_runtime::HomeRuntime;
use crate::base::runtime::has_timer;
use crate::encoding::envelope::Version;
use crate::l2::circuit_breaker::Breaker;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::server_info::ServerInfo;
use crate::store::failure::Failure;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::message::{BusMessage, NodeId};
use crate::store::port::{
    AcquireRequest, Acquired, EntryQuery, ExaminationFuture, Found, LeaseTimes, MadeBy,
    NeededVersions, Store, StoreFuture,
};
use crate::store::write_mark::{DueMark, WriteMark};
use crate::store::write_queue::{QueuedItem, WriteQueue};

/// A store that is not asked while its circuit breaker is open or its tasks may stand still, or if
/// the runtime has no timer to limit the wait. The outcome of each question is reported to the
/// breaker. Heartbeats and messages to nodes bypass the breaker.
#[derive(Debug)]
pub(crate) struct BreakerStore {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) breaker: Arc<Breaker>,
    pub(crate) home: Arc<HomeRuntime>,
}

/// The effect on the circuit breaker if the store rejects an operation with an error code.
#[derive(Clone, Copy)]
enum Rejection {
    /// The rejection counts as a failure for the circuit breaker, because a store that cannot be
    /// read is useless.
    Counted,
    /// The rejection does not count as a failure for the circuit breaker, because a full store that
    /// refuses a value can still be read.
    Ignored,
}

impl BreakerStore {
    fn through_breaker<'a, T: Send + 'a>(
        &'a self,
        rejection: Rejection,
        ask: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        if !self.breaker.is_closed() || self.home.is_doubted() || !has_timer() {
            return Box::pin(std::future::ready(Err(Failure::Unavailable)));
        }
        let answer = ask(&*self.inner);
        Box::pin(async move {
            let answer = answer.await;
            match (&answer, rejection) {
                (Ok(_), _) => self.breaker.succeeded(),
                (Err(Failure::Indeterminate), _)
                | (Err(Failure::Rejected(_)), Rejection::Counted) => {
                    self.breaker.failed();
                }
                // Without a connection, no caller waited, so the breaker need not open.
                (Err(Failure::Unavailable | Failure::Rejected(_)), _) => {}
            }
            answer
        })
    }
}

impl Store for BreakerStore {
    fn is_up(&self) -> bool {
        self.breaker.is_closed() && !self.home.is_doubted() && self.inner.is_up()
    }

    fn has_data_sets(&self) -> bool {
        self.inner.has_data_sets()
    }

    fn is_of_data_set(&self, made: MadeBy<'_>) -> bool {
        self.inner.is_of_data_set(made)
    }

    fn ask_origin<'a>(&'a self, made: MadeBy<'a>, until: Instant) -> StoreFuture<'a, bool> {
        self.through_breaker(Rejection::Ignored, |store| store.ask_origin(made, until))
    }

    // Not through the breaker: the queue asks whether the server keeps its writes, and each queued
    // write is tried.
    fn server_info(&self, until: Instant) -> StoreFuture<'_, ServerInfo> {
        self.inner.server_info(until)
    }

    // Not through the breaker: the examination is to tell why the breaker is open.
    fn examine(&self) -> ExaminationFuture<'_> {
        self.inner.examine()
    }

    fn resubscribe(&self) {
        self.inner.resubscribe();
    }

    fn discard_connection(&self, entry: &StoreKey) {
        self.inner.discard_connection(entry);
    }

    fn is_one_server(&self) -> bool {
        self.inner.is_one_server()
    }

    fn reaches(&self, name: &StoreKey) -> bool {
        self.inner.reaches(name)
    }

    fn forget(&self, names: &[StoreKey]) {
        self.inner.forget(names);
    }

    fn forget_all(&self) {
        self.inner.forget_all();
    }

    // Not through the breaker: a call fails if the queue does not accept its write, so each write
    // is tried.
    fn write_queue(&self) -> &dyn WriteQueue {
        self.inner.write_queue()
    }

    fn newest_queued<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        until: Instant,
    ) -> StoreFuture<'a, Option<QueuedItem>> {
        self.through_breaker(Rejection::Ignored, move |store| {
            store.newest_queued(queue, key, until)
        })
    }

    fn begin_tasks(&self) {
        self.inner.begin_tasks();
    }

    fn connections(&self) -> u64 {
        self.inner.connections()
    }

    fn server(&self) -> Option<String> {
        self.inner.server()
    }

    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found> {
        self.through_breaker(Rejection::Counted, |store| store.read(query, until))
    }

    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>> {
        self.through_breaker(Rejection::Counted, |store| store.versions(names, until))
    }

    fn ensure_versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        life: Duration,
        any_origin: bool,
        until: Instant,
    ) -> StoreFuture<'a, Vec<Version>> {
        self.through_breaker(Rejection::Ignored, move |store| {
            store.ensure_versions(names, life, any_origin, until)
        })
    }

    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        ask: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired> {
        self.through_breaker(Rejection::Ignored, |store| store.acquire(query, ask, until))
    }

    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        ask: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)> {
        let question = |store: &'a dyn Store| store.read_or_acquire(query, ask, until);
        self.through_breaker(Rejection::Ignored, question)
    }

    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled> {
        self.through_breaker(Rejection::Ignored, |store| store.fill(fill, until))
    }

    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.through_breaker(Rejection::Ignored, move |store| {
            store.renew(fencing_token, lease_times, needed, until)
        })
    }

    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.through_breaker(Rejection::Ignored, |store| {
            store.release(fencing_token, until)
        })
    }

    fn invalidate<'a>(
        &'a self,
        names: &'a [StoreKey],
        mode: InvalidationMode,
        ended: &'a [WriteMark],
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        let order =
            move |store: &'a dyn Store| store.invalidate(names, mode, ended, message, until);
        self.through_breaker(Rejection::Ignored, order)
    }

    fn mark<'a>(
        &'a self,
        mark: &'a WriteMark,
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.through_breaker(Rejection::Ignored, move |store| {
            store.mark(mark, life, until)
        })
    }

    fn unmark<'a>(&'a self, ended: &'a [WriteMark], until: Instant) -> StoreFuture<'a, ()> {
        self.through_breaker(Rejection::Ignored, move |store| store.unmark(ended, until))
    }

    fn sweep(&self, most: usize, until: Instant) -> StoreFuture<'_, Vec<DueMark>> {
        self.through_breaker(Rejection::Ignored, |store| store.sweep(most, until))
    }

    fn remember<'a>(
        &'a self,
        name: &'a StoreKey,
        bytes: &'a [u8],
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.inner.remember(name, bytes, life, until)
    }

    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.inner.heartbeat(node, hello, echo, until)
    }

    #[cfg(feature = "json")]
    fn ask<'a>(&'a self, question: &'a BusMessage, until: Instant) -> StoreFuture<'a, usize> {
        self.inner.ask(question, until)
    }

    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.inner.tell(whom, message, until)
    }
}
