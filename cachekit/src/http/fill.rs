//! The fill: one call of the handler whose response may be stored.
//!
//! 1. Call the handler.
//! 2. Decide, by the header fields, if the response is stored.
//! 3. Copy the body. The client gets each frame as it arrives.
//! 4. Return the complete response, which the cache stores.

mod body_copy;

use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response};
use http_body::Body;
use tokio::sync::oneshot;
use tower_service::Service;

use crate::base::sync::Mutex;
use crate::http::body::CacheBody;
use crate::http::entries::{GiveUp, GoesOn, Kept, StaleFound};
use crate::http::fill::body_copy::{BodyCopy, CopyEnd};
use crate::http::semantics::storable::NotStored;
use crate::http::store_decision::{Refusal, Storing, confirmed, decide, failure};
use crate::http::transaction::Transaction;

/// Largest body of a failure, in bytes, that others who wait get too.
const MOST_OF_A_FAILURE: u64 = 64 << 10;

/// The handler and the request, until somebody calls the handler, and everything that came of it.
pub(crate) struct Origin<S: Service<Request<Q>, Response = Response<B>>, Q, B: Body<Data = Bytes>> {
    call: Mutex<Option<(S, Request<Q>)>>,
    outcome: Mutex<Option<HandlerOutcome<B, S::Error>>>,
}

/// The result of a call of the handler, for the client whose request it was.
pub(crate) enum HandlerOutcome<B: Body<Data = Bytes>, E> {
    /// The response was complete at once. Its body is in the stored response.
    Complete(Box<Parts>, Kept),
    /// The handler found a stored response unchanged.
    Revalidated(Kept),
    /// The response is not stored.
    NotStored(Box<Response<CacheBody<B>>>, NotStored),
    /// The handler's service failed.
    Failed(E),
}

/// The part of a response that a client gets before its body is complete.
pub(crate) enum Early<B: Body<Data = Bytes>> {
    /// The handler's response, whose body is copied while the client reads it.
    Streaming(Box<Response<CacheBody<B>>>),
    /// A stale response, while the handler is called (stale-while-revalidate).
    Stale(Kept),
    /// The entry under the key is that of another variant, so the handler is not called here. The
    /// call waits to be dropped, and ends by itself if the sender is.
    OtherVariant {
        other: Kept,
        _held: oneshot::Sender<()>,
    },
}

impl<S: Service<Request<Q>, Response = Response<B>>, Q, B: Body<Data = Bytes>> Origin<S, Q, B> {
    pub(crate) fn new(service: S, request: Request<Q>) -> Self {
        Self {
            call: Mutex::new(Some((service, request))),
            outcome: Mutex::new(None),
        }
    }

    /// Returns the handler and the request, unless the handler was called already.
    pub(crate) fn take(&self) -> Option<(S, Request<Q>)> {
        self.call.lock().take()
    }

    pub(crate) fn outcome(&self) -> Option<HandlerOutcome<B, S::Error>> {
        self.outcome.lock().take()
    }

    fn set(&self, outcome: HandlerOutcome<B, S::Error>) {
        *self.outcome.lock() = Some(outcome);
    }
}

/// A call of the handler for one key.
pub(crate) struct Fill<S: Service<Request<Q>, Response = Response<B>>, Q, B: Body<Data = Bytes>> {
    pub(crate) transaction: Arc<Transaction>,
    pub(crate) origin: Arc<Origin<S, Q, B>>,
    pub(crate) key: Box<[u8]>,
    /// Response in memory that the handler is asked to confirm.
    pub(crate) old: Option<Kept>,
    pub(crate) early: oneshot::Sender<Early<B>>,
}

impl<S, Q, B> Fill<S, Q, B>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    /// Calls the handler, and returns the response to store.
    pub(crate) async fn run(mut self, found: StaleFound, goes_on: GoesOn) -> Result<Kept, GiveUp> {
        let old = self.old.take().or_else(|| found.response());
        if let Some(old) = &old
            && !old.matches(&self.transaction.client.headers)
        {
            return Err(self.leave_to_others(Arc::clone(old), &goes_on).await);
        }
        let Some((mut service, mut request)) = self.origin.take() else {
            return Err(GiveUp::Uncacheable);
        };
        self.serve_stale(old.as_ref(), &goes_on);
        let transaction = Arc::clone(&self.transaction);
        let had_old = old.is_some();
        let old = transaction.prepare(&mut request, old);
        let asked_at = transaction.now();
        match service.call(request).await {
            Ok(response) => {
                self.receive(response, (had_old, old), asked_at, goes_on)
                    .await
            }
            Err(error) => {
                self.origin.set(HandlerOutcome::Failed(error));
                Err(GiveUp::Failed(None))
            }
        }
    }

    /// Gives the call up without a result: the next of those who wait may want `other`, and asks the
    /// handler itself. A failure would give it to them in the handler's place.
    async fn leave_to_others(self, other: Kept, goes_on: &GoesOn) -> GiveUp {
        goes_on.unset();
        let (held, dropped) = oneshot::channel();
        let _ = self.early.send(Early::OtherVariant { other, _held: held });
        // A call in the background has no client that would drop it.
        let _ = dropped.await;
        GiveUp::OtherVariant
    }

    /// Answers the client with the stale response `old`, if that response allows it.
    fn serve_stale(&mut self, old: Option<&Kept>, goes_on: &GoesOn) {
        let Some(old) = old.filter(|old| self.transaction.may_serve_while_revalidating(old)) else {
            return;
        };
        goes_on.set();
        let (closed, _) = oneshot::channel();
        let early = std::mem::replace(&mut self.early, closed);
        let _ = early.send(Early::Stale(Arc::clone(old)));
    }

    /// Stores the handler's response, or gives up. `had_old` is `true` if a tier has an older
    /// response, and `old` is the one that the handler was asked to confirm.
    async fn receive(
        self,
        response: Response<B>,
        (had_old, old): (bool, Option<Kept>),
        asked_at: u64,
        goes_on: GoesOn,
    ) -> Result<Kept, GiveUp> {
        let transaction = Arc::clone(&self.transaction);
        let (mut parts, body) = response.into_parts();
        if let Some(old) = &old
            && let Some(confirmed) = confirmed(&transaction, old, &parts, asked_at)
        {
            return self.keep_confirmed(confirmed).await;
        }
        match decide(&transaction, &mut parts, asked_at) {
            Ok(storing) => self.copy(parts, body, storing, had_old, goes_on).await,
            Err(Refusal::Failure) => Err(self.share_failure(parts, body).await),
            Err(Refusal::NotStored(reason)) => {
                let is_of_condition = matches!(parts.status.as_u16(), 304 | 412 | 416);
                let response = Response::from_parts(parts, CacheBody::passed(body));
                let not_stored = HandlerOutcome::NotStored(Box::new(response), reason);
                self.origin.set(not_stored);
                if !is_of_request(reason) && !is_of_condition {
                    refuse(&transaction, &self.key, had_old).await;
                }
                Err(GiveUp::Uncacheable)
            }
        }
    }

    /// Returns the handler's failure for those who wait, so that they do not call a handler in
    /// trouble all at once.
    async fn share_failure(self, parts: Parts, body: B) -> GiveUp {
        let (client_body, source) = CacheBody::copied(Box::pin(body));
        let mut copy = BodyCopy::new(source, MOST_OF_A_FAILURE);
        let is_complete = copy.end_at_once().await == Some(CopyEnd::Complete);
        let shared = is_complete
            .then(|| failure(&self.transaction, &parts, copy.into_bytes()))
            .flatten();
        let response = Response::from_parts(parts, client_body);
        let not_stored = HandlerOutcome::NotStored(Box::new(response), NotStored::Status);
        self.origin.set(not_stored);
        GiveUp::Failed(shared)
    }

    /// Stores a response that the handler has confirmed. With an `Err`, only this client gets it.
    async fn keep_confirmed(
        self,
        confirmed: Result<Kept, (Kept, NotStored)>,
    ) -> Result<Kept, GiveUp> {
        let (kept, reason) = match confirmed {
            Ok(kept) => (kept, None),
            Err((kept, reason)) => (kept, Some(reason)),
        };
        self.origin
            .set(HandlerOutcome::Revalidated(Arc::clone(&kept)));
        let Some(reason) = reason else {
            return Ok(kept);
        };
        self.transaction.counters().not_stored(reason);
        if !is_of_request(reason) {
            refuse(&self.transaction, &self.key, true).await;
        }
        Err(GiveUp::Uncacheable)
    }

    /// Copies the body, and returns the complete response.
    async fn copy(
        self,
        parts: Parts,
        body: B,
        storing: Storing,
        had_old: bool,
        goes_on: GoesOn,
    ) -> Result<Kept, GiveUp> {
        let transaction = self.transaction;
        let (client_body, source) = CacheBody::copied(Box::pin(body));
        let mut copy = BodyCopy::new(source, storing.max_body);
        let at_once = copy.end_at_once().await;
        if copy.is_whole(at_once, &storing) {
            transaction.unmark_uncacheable(&self.key);
            let kept = storing.complete(copy.into_bytes());
            let complete = HandlerOutcome::Complete(Box::new(parts), Arc::clone(&kept));
            self.origin.set(complete);
            return Ok(kept);
        }
        let response = Box::new(Response::from_parts(parts, client_body));
        let reason = if let Some(end) = at_once {
            let reason = end.refusal();
            self.origin.set(HandlerOutcome::NotStored(response, reason));
            reason
        } else {
            goes_on.set();
            let _ = self.early.send(Early::Streaming(response));
            let running = RunningCopy::new(&transaction, &self.key);
            let end = copy.end().await;
            running.ended();
            if copy.is_whole(Some(end), &storing) {
                transaction.unmark_uncacheable(&self.key);
                return Ok(storing.complete(copy.into_bytes()));
            }
            let reason = end.refusal();
            transaction.counters().not_stored(reason);
            reason
        };
        if reason == NotStored::Incomplete {
            return Err(GiveUp::Failed(None));
        }
        refuse(&transaction, &self.key, had_old).await;
        Err(GiveUp::Uncacheable)
    }
}

/// Returns `true` if one client's request forbids to store the response, which says nothing about
/// the requests of others.
fn is_of_request(reason: NotStored) -> bool {
    matches!(reason, NotStored::RequestNoStore | NotStored::Authorization)
}

/// Remembers that the response for `key` is not to be stored, and removes the older one, which must
/// not be served in its place.
async fn refuse(transaction: &Transaction, key: &[u8], had_old: bool) {
    transaction.mark_uncacheable(key);
    if had_old {
        transaction.entries().remove(key).await;
    }
}

/// A copy that goes on in the background. One that is dropped was too slow: its key is remembered,
/// so that the next requests do not wait for such a response again.
struct RunningCopy<'a> {
    transaction: &'a Transaction,
    key: &'a [u8],
    has_ended: bool,
}

impl<'a> RunningCopy<'a> {
    fn new(transaction: &'a Transaction, key: &'a [u8]) -> Self {
        Self {
            transaction,
            key,
            has_ended: false,
        }
    }

    fn ended(mut self) {
        self.has_ended = true;
    }
}

impl Drop for RunningCopy<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.transaction.mark_uncacheable(self.key);
        }
    }
}

#[cfg(test)]
mod tests;
