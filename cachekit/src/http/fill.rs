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
use http::{Request, Response, StatusCode};
use http_body::Body;
use tokio::sync::oneshot;
use tower_service::Service;

use crate::base::sync::Mutex;
use crate::http::body::CacheBody;
use crate::http::entries::{CallPlace, GiveUp, GoesOn, Kept, StaleFound};
use crate::http::fill::body_copy::{BodyCopy, CopyEnd};
use crate::http::semantics::storable::NotStored;
use crate::http::shared::fill_limit;
use crate::http::store_decision::{Refusal, Storing, confirmed, decide, failure};
use crate::http::transaction::Transaction;

/// Largest body of a failure, in bytes, that the other requests that wait get too.
const MOST_OF_A_FAILURE: u64 = 64 << 10;

/// The handler and the request, until the handler is called, and then the results of the call.
pub(crate) struct Origin<S: Service<Request<Q>, Response = Response<B>>, Q, B: Body<Data = Bytes>> {
    call: Mutex<Option<(S, Request<Q>)>>,
    outcome: Mutex<Option<HandlerOutcome<B, S::Error>>>,
}

/// The result of a call of the handler, for the client whose request the handler got.
pub(crate) enum HandlerOutcome<B: Body<Data = Bytes>, E> {
    /// The response was complete at once. Its body is in `kept`.
    Complete {
        parts: Box<Parts>,
        kept: Kept,
        is_stored: bool,
    },
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
    Streaming {
        response: Box<Response<CacheBody<B>>>,
        is_stored: bool,
    },
    /// A stale response, while the handler is called (stale-while-revalidate).
    Stale(Kept),
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
        let place = CallPlace::of_running_call();
        let old = self.old.take().or_else(|| found.response());
        if let Some(other) = old.as_ref().filter(|old| !self.transaction.matches(old)) {
            return Err(self.leave_to_others(other, &goes_on));
        }
        let Some((mut service, mut request)) = self.origin.take() else {
            return Err(GiveUp::Uncacheable);
        };
        self.serve_stale(old.as_ref(), &goes_on);
        if place.is_refresh {
            self.forget_client(&mut request, old.as_ref());
        }
        let course = Course {
            place,
            goes_on,
            had_old: old.is_some(),
        };
        let transaction = Arc::clone(&self.transaction);
        let old = transaction.prepare(&mut request, old);
        let asked_at = transaction.now();
        match service.call(request).await {
            Ok(response) => self.receive(response, old, asked_at, course).await,
            Err(error) => {
                self.origin.set(HandlerOutcome::Failed(error));
                Err(GiveUp::Failed(None))
            }
        }
    }

    /// Removes from `request`, a refresh of `old` in the background, the fields that concern its
    /// client alone, because the client does not get the response.
    fn forget_client(&mut self, request: &mut Request<Q>, old: Option<&Kept>) {
        if let Some(transaction) = self.transaction.without_client(old) {
            request
                .headers_mut()
                .clone_from(&transaction.client.headers);
            self.transaction = Arc::new(transaction);
        }
    }

    /// Gives up the call without a result, because the entry under the key is `other`. Each request
    /// that waits goes on to its own variant, or asks for this variant again. After a failure,
    /// these requests would get `other` in place of the handler's response.
    fn leave_to_others(&self, other: &Kept, goes_on: &GoesOn) -> GiveUp {
        goes_on.give_up();
        let entries = self.transaction.entries();
        entries.note_other_variant(&self.key, other);
        GiveUp::OtherVariant(Arc::clone(other))
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

    /// Stores the handler's response, or gives up. `old` is the response that the handler was asked
    /// to confirm.
    async fn receive(
        self,
        response: Response<B>,
        old: Option<Kept>,
        asked_at: u64,
        course: Course,
    ) -> Result<Kept, GiveUp> {
        let transaction = Arc::clone(&self.transaction);
        let (mut parts, body) = response.into_parts();
        if let Some(old) = &old
            && let Some(confirmed) = confirmed(&transaction, old, &parts, asked_at)
        {
            return self.keep_confirmed(confirmed, &course).await;
        }
        match decide(&transaction, &mut parts, asked_at) {
            Ok(storing) => self.copy(parts, body, storing, course).await,
            Err(Refusal::Failure { is_personal }) => {
                Err(self.share_failure(parts, body, is_personal).await)
            }
            Err(Refusal::NotStored(reason)) => {
                let status = parts.status;
                let response = Response::from_parts(parts, CacheBody::passed(body));
                let not_stored = HandlerOutcome::NotStored(Box::new(response), reason);
                self.origin.set(not_stored);
                Err(refuse(&transaction, &self.key, (reason, status), &course).await)
            }
        }
    }

    /// Returns the handler's failure for the requests that wait, so that they do not all call a
    /// failing handler at once.
    async fn share_failure(self, parts: Parts, body: B, is_personal: bool) -> GiveUp {
        let (client_body, source) = CacheBody::copied(Box::pin(body));
        let mut copy = BodyCopy::new(source, MOST_OF_A_FAILURE);
        let is_complete = copy.end_at_once().await == Some(CopyEnd::Complete);
        let shared = (is_complete && !is_personal)
            .then(|| failure(&self.transaction, &parts, copy.into_bytes()))
            .flatten();
        let response = Response::from_parts(parts, client_body);
        let not_stored = HandlerOutcome::NotStored(Box::new(response), NotStored::Status);
        self.origin.set(not_stored);
        GiveUp::Failed(shared)
    }

    /// Stores a response that the handler has confirmed. With an `Err`, only this client gets the
    /// response.
    async fn keep_confirmed(
        self,
        confirmed: Result<Kept, (Kept, NotStored)>,
        course: &Course,
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
        Err(refuse(&self.transaction, &self.key, (reason, kept.status), course).await)
    }

    /// Copies the body, and returns the complete response.
    async fn copy(
        self,
        parts: Parts,
        body: B,
        storing: Storing,
        course: Course,
    ) -> Result<Kept, GiveUp> {
        let transaction = self.transaction;
        let (status, is_stored) = (parts.status, course.place.leads);
        let (client_body, source) = CacheBody::copied(Box::pin(body));
        let mut copy = BodyCopy::new(source, storing.max_body);
        let at_once = copy.end_at_once().await;
        if copy.is_whole(at_once, &storing) {
            let kept = keep(&transaction, &self.key, storing, copy, &course);
            self.origin.set(HandlerOutcome::Complete {
                parts: Box::new(parts),
                kept: Arc::clone(&kept),
                is_stored,
            });
            return Ok(kept);
        }
        let response = Box::new(Response::from_parts(parts, client_body));
        let reason = if let Some(end) = at_once {
            let reason = end.refusal();
            self.origin.set(HandlerOutcome::NotStored(response, reason));
            reason
        } else {
            course.goes_on.set();
            let _ = self.early.send(Early::Streaming {
                response,
                is_stored,
            });
            let end = copy.end_within(fill_limit(transaction.rule())).await;
            if copy.is_whole(end, &storing) {
                return Ok(keep(&transaction, &self.key, storing, copy, &course));
            }
            let reason = end.map_or(NotStored::TooSlow, CopyEnd::refusal);
            transaction.counters().not_stored(reason);
            reason
        };
        if reason == NotStored::Incomplete {
            return Err(GiveUp::Failed(None));
        }
        Err(refuse(&transaction, &self.key, (reason, status), &course).await)
    }
}

/// The circumstances of a call of the handler.
struct Course {
    place: CallPlace,
    goes_on: GoesOn,
    /// `true` if a tier has an older response.
    had_old: bool,
}

/// Returns the complete response, which is stored if the call leads.
fn keep<B: Body<Data = Bytes>>(
    transaction: &Transaction,
    key: &[u8],
    storing: Storing,
    copy: BodyCopy<B>,
    course: &Course,
) -> Kept {
    if course.place.leads {
        transaction.unmark_uncacheable(key);
    }
    storing.complete(copy.into_bytes())
}

/// Gives up the call, because its response is not to be stored. Removes the older response, so that
/// it is not served in place of the new response. If the refusal concerns this request alone, or
/// the body was too slow, the older response stays.
async fn refuse(
    transaction: &Transaction,
    key: &[u8],
    (reason, status): (NotStored, StatusCode),
    course: &Course,
) -> GiveUp {
    let is_of_request = transaction.is_of_request(reason, status);
    if (!is_of_request || !course.had_old) && !is_of_condition(reason, status) {
        transaction.mark_uncacheable(key);
    }
    if !is_of_request && reason != NotStored::TooSlow && course.had_old {
        transaction.entries().remove(key).await;
    }
    // For the requests that wait, nothing has failed. A refresh that is refused counts as failed.
    if is_of_request && !course.place.is_refresh {
        course.goes_on.give_up();
    }
    GiveUp::Uncacheable
}

/// Returns `true` if a response was not stored because of its request's conditions or directives.
/// The next response for the key may then be stored.
fn is_of_condition(reason: NotStored, status: StatusCode) -> bool {
    let is_of_status = matches!(status.as_u16(), 304 | 412 | 416);
    is_of_status || matches!(reason, NotStored::RequestNoStore | NotStored::Authorization)
}

#[cfg(test)]
mod tests;
