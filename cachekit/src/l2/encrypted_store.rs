//! The store (L2) of a cache with encryption keys: it encrypts what goes into the store, and opens
//! what comes back.
//!
//! Entries of encrypted functions, lists of keys, messages with names and the writes in queues are
//! encrypted here, whatever adapter is below. The marks of open writes are encrypted where they are
//! made, because a mark must be removed by the bytes that it was stored with. With `hash_keys`, the
//! adapter gets hashes in place of names.

pub(crate) mod messages;
pub(crate) mod names;
pub(crate) mod queue;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::{Faults, removed};
use crate::encoding::encryption::blob;
use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::envelope::{Version, sealed};
use crate::l2::encrypted_store::messages::{BUS, is_list, listed};
use crate::l2::encrypted_store::names::{
    MadeNames, QueryNames, for_scripts, name_in_store, names_in_store,
};
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
use crate::store::write_queue::WriteQueue;

/// A store that encrypts.
#[derive(Debug)]
pub(crate) struct EncryptedStore {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) faults: Faults,
}

/// The failure of an operation whose bytes could not be encrypted, because the system gives no random
/// numbers.
fn no_random() -> Failure {
    Failure::Rejected("no random numbers".to_owned())
}

impl EncryptedStore {
    fn name(&self, name: &StoreKey) -> StoreKey {
        name_in_store(&self.sealer, name)
    }

    fn names<'a>(&self, names: &'a [StoreKey]) -> Cow<'a, [StoreKey]> {
        names_in_store(&self.sealer, names)
    }

    /// Returns the names of `made` as the store has them, or `None` if the store does not use them.
    pub(crate) fn made_names<'a>(&self, made: MadeBy<'a>) -> Option<MadeNames<'a>> {
        let are_used = self.sealer.hashes_names() && self.inner.has_data_sets();
        are_used.then(|| MadeNames::of(&self.sealer, made))
    }

    fn token(&self, fencing_token: &FencingToken) -> FencingToken {
        FencingToken {
            entry: self.name(&fencing_token.entry),
            ..fencing_token.clone()
        }
    }

    fn request<'a>(&self, request: &'a AcquireRequest) -> Cow<'a, AcquireRequest> {
        if !self.sealer.hashes_names() {
            return Cow::Borrowed(request);
        }
        Cow::Owned(AcquireRequest {
            guards: self.names(&request.guards).into_owned(),
            ..request.clone()
        })
    }

    /// Returns `message` as it is sent: encrypted if it contains names or statistics.
    fn message<'a>(&self, message: &'a BusMessage) -> Result<Cow<'a, BusMessage>, Failure> {
        let is_secret = matches!(
            message,
            BusMessage::Invalidated { .. }
                | BusMessage::WriteApplied { .. }
                | BusMessage::Answer { .. }
        );
        if !is_secret || removed!(self, SpeakOpenly) {
            return Ok(Cow::Borrowed(message));
        }
        let sealed = blob::seal(&self.sealer, BUS, &message.write());
        let sealed = BusMessage::Sealed(sealed.ok_or_else(no_random)?);
        Ok(Cow::Owned(sealed))
    }

    /// Opens the bytes that the store has under `name`. Bytes that a reader must reject are marked so
    /// that it does: an entry that no key opens, and one in clear although `is_encrypted`. A list of
    /// keys in clear is left out.
    fn open(&self, name: &StoreKey, is_encrypted: bool, mut found: Found) -> Found {
        let Some(bytes) = &mut found.bytes else {
            return found;
        };
        if blob::is_sealed(bytes) {
            if let Some(text) = blob::open(&self.sealer, listed(&[name.as_bytes()]), bytes) {
                *bytes = text;
            }
        } else if sealed::is_sealed(bytes) {
            let place = if removed!(self, OpenAnywhere) {
                &[]
            } else {
                name.as_bytes()
            };
            if let Some(plain) = sealed::open(&self.sealer, bytes, place) {
                *bytes = plain;
            }
        } else if is_encrypted && sealed::is_clear(bytes) && !removed!(self, TrustClear) {
            sealed::reject(bytes);
        } else if is_list(name) {
            found.bytes = None;
        }
        found
    }

    /// Returns `fill` with an encrypted entry and message, under the names of the store.
    fn sealed(&self, fill: &Fill) -> Result<Fill, Failure> {
        let mut sealed = Fill {
            fencing_token: self.token(&fill.fencing_token),
            versions: self.names(&fill.versions).into_owned(),
            guards: self.names(&fill.guards).into_owned(),
            value_tags: self.names(&fill.value_tags).into_owned(),
            ..fill.clone()
        };
        if fill.is_encrypted {
            let name = if removed!(self, OpenAnywhere) {
                &[]
            } else {
                fill.fencing_token.entry.as_bytes()
            };
            let visible = |tag: &[u8]| for_scripts(&self.sealer, tag);
            let bytes = sealed::seal(&self.sealer, &fill.bytes, name, visible);
            sealed.bytes = bytes.ok_or_else(no_random)?;
        }
        if let Some(message) = &fill.message {
            sealed.message = Some(self.message(message)?.into_owned());
        }
        Ok(sealed)
    }
}

impl Store for EncryptedStore {
    fn is_up(&self) -> bool {
        self.inner.is_up()
    }

    fn has_data_sets(&self) -> bool {
        self.inner.has_data_sets()
    }

    fn is_of_data_set(&self, made: MadeBy<'_>) -> bool {
        let names = self.made_names(made);
        let made = names.as_ref().map_or(made, |names| names.made(made));
        self.inner.is_of_data_set(made)
    }

    fn ask_origin<'a>(&'a self, made: MadeBy<'a>, until: Instant) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let names = self.made_names(made);
            let made = names.as_ref().map_or(made, |names| names.made(made));
            self.inner.ask_origin(made, until).await
        })
    }

    fn server_info(&self, until: Instant) -> StoreFuture<'_, ServerInfo> {
        self.inner.server_info(until)
    }

    fn examine(&self) -> ExaminationFuture<'_> {
        self.inner.examine()
    }

    fn resubscribe(&self) {
        self.inner.resubscribe();
    }

    fn forget(&self, names: &[StoreKey]) {
        self.inner.forget(&self.names(names));
    }

    fn forget_all(&self) {
        self.inner.forget_all();
    }

    fn is_one_server(&self) -> bool {
        self.inner.is_one_server()
    }

    fn reaches(&self, name: &StoreKey) -> bool {
        self.inner.reaches(&self.name(name))
    }

    fn discard_connection(&self, entry: &StoreKey) {
        self.inner.discard_connection(&self.name(entry));
    }

    fn connections(&self) -> u64 {
        self.inner.connections()
    }

    fn server(&self) -> Option<String> {
        self.inner.server()
    }

    fn begin_tasks(&self) {
        self.inner.begin_tasks();
    }

    fn read<'a>(&'a self, query: EntryQuery<'a>, until: Instant) -> StoreFuture<'a, Found> {
        Box::pin(async move {
            let names = QueryNames::of(&self.sealer, query);
            let found = self.inner.read(names.query(), until).await?;
            Ok(self.open(query.entry, query.is_encrypted, found))
        })
    }

    fn versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        until: Instant,
    ) -> StoreFuture<'a, Vec<Option<Version>>> {
        Box::pin(async move { self.inner.versions(&self.names(names), until).await })
    }

    fn ensure_versions<'a>(
        &'a self,
        names: &'a [StoreKey],
        life: Duration,
        any_origin: bool,
        until: Instant,
    ) -> StoreFuture<'a, Vec<Version>> {
        Box::pin(async move {
            let names = self.names(names);
            let ensured = self.inner.ensure_versions(&names, life, any_origin, until);
            ensured.await
        })
    }

    fn acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, Acquired> {
        Box::pin(async move {
            let (names, request) = (QueryNames::of(&self.sealer, query), self.request(request));
            self.inner.acquire(names.query(), &request, until).await
        })
    }

    fn read_or_acquire<'a>(
        &'a self,
        query: EntryQuery<'a>,
        request: &'a AcquireRequest,
        until: Instant,
    ) -> StoreFuture<'a, (Found, Acquired)> {
        Box::pin(async move {
            let (names, request) = (QueryNames::of(&self.sealer, query), self.request(request));
            let asked = self.inner.read_or_acquire(names.query(), &request, until);
            let (found, acquired) = asked.await?;
            let found = self.open(query.entry, query.is_encrypted, found);
            Ok((found, acquired))
        })
    }

    fn fill<'a>(&'a self, fill: &'a Fill, until: Instant) -> StoreFuture<'a, Filled> {
        Box::pin(async move { self.inner.fill(&self.sealed(fill)?, until).await })
    }

    fn renew<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        lease_times: LeaseTimes,
        needed: NeededVersions<'a>,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (token, names) = (self.token(fencing_token), self.names(needed.names));
            let needed = NeededVersions {
                names: &names,
                life: needed.life,
            };
            self.inner.renew(&token, lease_times, needed, until).await
        })
    }

    fn release<'a>(
        &'a self,
        fencing_token: &'a FencingToken,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let token = self.token(fencing_token);
            self.inner.release(&token, until).await
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
        Box::pin(async move {
            let (names, message) = (self.names(names), self.message(message)?);
            let invalidated = self.inner.invalidate(&names, mode, ended, &message, until);
            invalidated.await
        })
    }

    fn mark<'a>(
        &'a self,
        mark: &'a WriteMark,
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        self.inner.mark(mark, life, until)
    }

    fn unmark<'a>(&'a self, ended: &'a [WriteMark], until: Instant) -> StoreFuture<'a, ()> {
        self.inner.unmark(ended, until)
    }

    fn sweep(&self, most: usize, until: Instant) -> StoreFuture<'_, Vec<DueMark>> {
        self.inner.sweep(most, until)
    }

    fn remember<'a>(
        &'a self,
        name: &'a StoreKey,
        bytes: &'a [u8],
        life: Duration,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let sealed = blob::seal(&self.sealer, listed(&[name.as_bytes()]), bytes);
            let (sealed, name) = (sealed.ok_or_else(no_random)?, self.name(name));
            self.inner.remember(&name, &sealed, life, until).await
        })
    }

    fn heartbeat<'a>(
        &'a self,
        node: NodeId,
        hello: Option<&'a BusMessage>,
        echo: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        // These messages have no names. A node without the keys understands them, so that nodes of
        // old and new keys know each other.
        self.inner.heartbeat(node, hello, echo, until)
    }

    #[cfg(feature = "json")]
    fn ask<'a>(&'a self, question: &'a BusMessage, until: Instant) -> StoreFuture<'a, usize> {
        self.inner.ask(question, until)
    }

    fn write_queue(&self) -> &dyn WriteQueue {
        self
    }

    fn tell<'a>(
        &'a self,
        whom: Option<NodeId>,
        message: &'a BusMessage,
        until: Instant,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let message = self.message(message)?;
            self.inner.tell(whom, &message, until).await
        })
    }
}
