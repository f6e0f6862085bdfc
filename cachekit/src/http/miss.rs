//! A request that memory could not answer: it is answered by the shared tier, by the handler, or by
//! the response that another request waits for.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use tokio::sync::oneshot;
use tower_service::Service;

use crate::http::body::CacheBody;
use crate::http::entries::{Entries, Fetch, Fetching, GiveUp, Kept, OldResponse, StaleFound};
use crate::http::fill::{Early, Fill, HandlerOutcome, Origin};
use crate::http::handler_view::hide_what_is_not_in_the_key;
use crate::http::hint::CacheHint;
use crate::http::outcome::Outcome;
use crate::http::respond::{Asked, Responder, or_not_modified};
use crate::http::semantics::cache_status::Forward;
use crate::http::transaction::Transaction;
use crate::http::variants::{Found, Missing, Place, Variants};

/// A request that memory could not answer.
pub(crate) struct Miss<S: Service<Request<Q>, Response = Response<B>>, Q, B: Body<Data = Bytes>> {
    transaction: Arc<Transaction>,
    origin: Arc<Origin<S, Q, B>>,
}

/// The response of a service, or its error.
type Answer<B, E> = Result<Response<CacheBody<B>>, E>;

/// The end of one attempt to answer a request.
enum Attempt<B: Body<Data = Bytes>, E> {
    Answered(Answer<B, E>),
    /// The key has another variant.
    OtherVariant(Kept),
    /// The call that this request waited for has found another variant under the key. That variant
    /// is right for this request.
    Again,
    /// A tier has this fresh response, and the client demands that the handler confirms it.
    Unaccepted(Kept),
    /// No response can be shared with this request.
    Alone,
}

impl<S, Q, B> Miss<S, Q, B>
where
    S: Service<Request<Q>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Q: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    pub(crate) fn new(transaction: Arc<Transaction>, service: S, request: Request<Q>) -> Self {
        Self {
            transaction,
            origin: Arc::new(Origin::new(service, request)),
        }
    }

    /// Answers the request. `found` is the result of the look-up in memory at `place`.
    pub(crate) async fn run(self, place: Place, mut found: Found) -> Answer<B, S::Error> {
        let transaction = Arc::clone(&self.transaction);
        let mut variants = Variants::at(transaction.entries(), place);
        loop {
            let attempt = match found {
                Found::Fresh(kept) if transaction.accepts(&kept) => return Ok(self.hit(&kept)),
                Found::Fresh(kept) => self.revalidate(variants.key(), kept).await,
                Found::Missing(missing) => self.fetch_missing(&variants, *missing).await,
                Found::Bypass | Found::TooManyVariants => Attempt::Alone,
            };
            match attempt {
                Attempt::Answered(answer) => return answer,
                Attempt::Alone => return self.alone().await,
                Attempt::OtherVariant(other) => {
                    variants.go_on_from(&other, &transaction.client.headers);
                    found = variants.find(&transaction.client.headers);
                }
                Attempt::Again => found = variants.find(&transaction.client.headers),
                Attempt::Unaccepted(kept) => found = Found::Fresh(kept),
            }
        }
    }

    /// Has the handler confirm `kept`, which is fresh, because the client demands it.
    async fn revalidate(&self, key: &[u8], kept: Kept) -> Attempt<B, S::Error> {
        let fetch = Fetch {
            missed: self.transaction.entries().forced(key),
            tags: self.transaction.entry_tags(),
            serve: None,
            force: true,
            coalesce: true,
        };
        let attempt = self.fetch(key, fetch, Some(kept), Forward::Request);
        match attempt.await {
            // The handler was called, but not for this request.
            Attempt::Unaccepted(_) => Attempt::Alone,
            attempt => attempt,
        }
    }

    async fn fetch_missing(
        &self,
        variants: &Variants<'_>,
        missing: Missing,
    ) -> Attempt<B, S::Error> {
        let transaction = &self.transaction;
        let key = variants.key();
        let serve = |old: &OldResponse| transaction.may_serve_while_revalidating(&old.kept);
        let old = missing.old.as_ref().map(|old| Arc::clone(&old.kept));
        let forward = match &old {
            Some(_) => Forward::Stale,
            None if variants.is_variant() => Forward::VaryMiss,
            None => Forward::UriMiss,
        };
        let force = transaction.demands_call();
        let missed = if force {
            transaction.entries().forced(key)
        } else {
            missing.missed
        };
        let fetch = Fetch {
            missed,
            tags: transaction.entry_tags(),
            serve: missing.old.filter(serve),
            force,
            coalesce: transaction.coalesces(key),
        };
        self.fetch(key, fetch, old, forward).await
    }

    async fn fetch(
        &self,
        key: &[u8],
        fetch: Fetch,
        old: Option<Kept>,
        forward: Forward,
    ) -> Attempt<B, S::Error> {
        let (early, received) = oneshot::channel();
        // A fresh response that is fetched early is not old.
        let in_memory = old.clone().filter(|_| fetch.missed.old.is_none());
        let fill = Fill {
            transaction: Arc::clone(&self.transaction),
            origin: Arc::clone(&self.origin),
            key: key.into(),
            old,
            early,
        };
        let mut in_shared_tier = None;
        let fetching = self.transaction.entries().fetch(fetch, |found, goes_on| {
            in_shared_tier = Some(found.clone());
            fill.run(found, goes_on)
        });
        // Dropped when the early part of a response has come. The call then goes on in the
        // background.
        let fetched = first_of(fetching, received).await;
        match fetched {
            First::Early(early) => self.answer_early(early, forward),
            First::End(answer) => {
                let old = Old {
                    in_memory,
                    in_shared_tier,
                };
                self.end(&answer, &old, forward)
            }
        }
    }

    fn answer_early(&self, early: Early<B>, forward: Forward) -> Attempt<B, S::Error> {
        let response = match early {
            Early::Stale(kept) => self.stale(&kept, "swr"),
            Early::Streaming {
                response,
                is_stored,
            } => {
                let outcome = forwarded(forward, response.status(), is_stored, None);
                outcome.count(self.transaction.counters());
                let response = or_not_modified(self.asked(), *response);
                self.responder().finish(response, outcome)
            }
        };
        Attempt::Answered(Ok(response))
    }

    /// Answers the request after its own call of the handler, or another request's call, has ended.
    fn end(
        &self,
        answer: &Result<Kept, GiveUp>,
        old: &Old,
        forward: Forward,
    ) -> Attempt<B, S::Error> {
        let transaction = &self.transaction;
        let fallback = || {
            let kept = answer.as_ref().ok()?;
            let may_serve = transaction.may_serve_after_failure(kept) && transaction.matches(kept);
            may_serve.then(|| self.stale(kept, "sie"))
        };
        match (self.origin.outcome(), answer) {
            // Each outcome has the response of its own call of the handler. `answer` may be an
            // older response.
            (
                Some(HandlerOutcome::Complete {
                    parts,
                    kept,
                    is_stored,
                }),
                _,
            ) => {
                let outcome = forwarded(forward, parts.status, is_stored, None);
                outcome.count(transaction.counters());
                let response = self.responder().fresh(self.asked(), *parts, &kept, outcome);
                Attempt::Answered(Ok(response))
            }
            (Some(HandlerOutcome::Revalidated(kept)), _) => {
                Attempt::Answered(Ok(self.stored(&kept, Outcome::Revalidated { forward })))
            }
            (Some(HandlerOutcome::NotStored(response, reason)), _) => {
                let is_failure = response.status().is_server_error();
                if is_failure && let Some(stale) = fallback() {
                    return Attempt::Answered(Ok(stale));
                }
                transaction.counters().not_stored(reason);
                Attempt::Answered(Ok(self.passed(*response, forward, Some(reason.as_str()))))
            }
            (Some(HandlerOutcome::Failed(error)), _) => Attempt::Answered(fallback().ok_or(error)),
            (_, Ok(kept)) => self.answer_of_others(kept, old.is(kept, transaction.entries())),
            (_, Err(GiveUp::OtherVariant(other))) if transaction.matches(other) => Attempt::Again,
            (_, Err(GiveUp::OtherVariant(other))) => Attempt::OtherVariant(Arc::clone(other)),
            (_, Err(GiveUp::Failed(Some(kept)))) if transaction.matches(kept) => {
                let outcome = Outcome::Forwarded {
                    forward,
                    status: kept.status.as_u16(),
                    is_stored: false,
                    is_collapsed: true,
                    detail: Some("failed"),
                };
                Attempt::Answered(Ok(self.stored(kept, outcome)))
            }
            (_, Err(_)) => Attempt::Alone,
        }
    }

    /// Answers with a response that this request did not get from the handler itself. `is_old` is
    /// `true` if a tier had the response and said that it is no longer fresh.
    fn answer_of_others(&self, kept: &Kept, is_old: bool) -> Attempt<B, S::Error> {
        let transaction = &self.transaction;
        if !transaction.matches(kept) {
            return Attempt::OtherVariant(Arc::clone(kept));
        }
        if !is_old && kept.arrived_since(transaction.arrived_at) {
            let outcome = Outcome::Forwarded {
                forward: Forward::UriMiss,
                status: kept.status.as_u16(),
                is_stored: true,
                is_collapsed: true,
                detail: None,
            };
            return Attempt::Answered(Ok(self.stored(kept, outcome)));
        }
        if !is_old && transaction.accepts(kept) {
            return Attempt::Answered(Ok(self.hit(kept)));
        }
        // The tier says that the response is fresh. The response's own times may be of another
        // clock.
        if !is_old {
            return Attempt::Unaccepted(Arc::clone(kept));
        }
        match transaction.reason_to_serve_stale(kept) {
            Some(why) => Attempt::Answered(Ok(self.stale(kept, why))),
            None => Attempt::Alone,
        }
    }

    /// Answers the request by the handler alone: nothing is looked up, shared or stored.
    async fn alone(&self) -> Answer<B, S::Error> {
        let Some((mut service, mut request)) = self.origin.take() else {
            // The handler was called for this request, and its call was dropped.
            let mut response = Response::new(CacheBody::empty());
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(response);
        };
        hide_what_is_not_in_the_key(&self.transaction.plan, &mut request);
        let mut response = service.call(request).await?;
        response.extensions_mut().remove::<CacheHint>();
        let response = response.map(CacheBody::passed);
        Ok(self.passed(response, Forward::UriMiss, Some("alone")))
    }

    fn passed(
        &self,
        response: Response<CacheBody<B>>,
        forward: Forward,
        detail: Option<&'static str>,
    ) -> Response<CacheBody<B>> {
        let outcome = forwarded(forward, response.status(), false, detail);
        outcome.count(self.transaction.counters());
        let response = or_not_modified(self.asked(), response);
        self.responder().finish(response, outcome)
    }

    fn hit(&self, kept: &Kept) -> Response<CacheBody<B>> {
        let ttl = kept.freshness.ttl(self.transaction.now());
        self.stored(kept, Outcome::Hit { ttl, stale: None })
    }

    fn stale(&self, kept: &Kept, why: &'static str) -> Response<CacheBody<B>> {
        let ttl = kept.freshness.ttl(self.transaction.now());
        let stale = Some(why);
        self.stored(kept, Outcome::Hit { ttl, stale })
    }

    fn stored(&self, kept: &Kept, outcome: Outcome) -> Response<CacheBody<B>> {
        outcome.count(self.transaction.counters());
        self.responder().stored(self.asked(), kept, outcome)
    }

    fn asked(&self) -> Asked<'_> {
        let client = &self.transaction.client;
        Asked {
            method: &client.method,
            headers: &client.headers,
        }
    }

    fn responder(&self) -> Responder<'_> {
        Responder {
            shared: &self.transaction.shared,
            rule: Some(self.transaction.rule()),
        }
    }
}

fn forwarded(
    forward: Forward,
    status: StatusCode,
    is_stored: bool,
    detail: Option<&'static str>,
) -> Outcome {
    Outcome::Forwarded {
        forward,
        status: status.as_u16(),
        is_stored,
        is_collapsed: false,
        detail,
    }
}

/// The responses for one request that are no longer fresh.
struct Old {
    in_memory: Option<Kept>,
    in_shared_tier: Option<StaleFound>,
}

impl Old {
    /// Returns `true` if `kept` is one of these responses. By its own times, `kept` may still be
    /// fresh: an invalidation, or the end of a value that the handler showed, may have made it
    /// stale.
    fn is(&self, kept: &Kept, entries: &Entries) -> bool {
        let found = self.in_shared_tier.as_ref();
        let in_shared_tier = found.and_then(|found| found.response_past_end(entries));
        let all = [&self.in_memory, &in_shared_tier];
        all.into_iter().flatten().any(|old| Arc::ptr_eq(old, kept))
    }
}

/// The first result of a fetch: an early part of a response, or the end of the fetch.
enum First<B: Body<Data = Bytes>> {
    Early(Early<B>),
    End(Result<Kept, GiveUp>),
}

/// Waits for the end of `fetching`, or for the early part of its response.
async fn first_of<B: Body<Data = Bytes>>(
    mut fetching: Fetching,
    early: oneshot::Receiver<Early<B>>,
) -> First<B> {
    let mut early = pin!(early);
    let mut may_come = true;
    std::future::poll_fn(|context| {
        let fetched = fetching.as_mut().poll(context);
        // The early part is polled second, because polling the call sends it.
        if may_come && let Poll::Ready(received) = early.as_mut().poll(context) {
            if let Ok(early) = received {
                return Poll::Ready(First::Early(early));
            }
            may_come = false;
        }
        fetched.map(First::End)
    })
    .await
}
