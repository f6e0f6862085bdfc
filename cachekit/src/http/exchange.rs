//! The sequence of one request: every step from its arrival to the response.
//!
//! 1. Ask the rules: bypass, or a key.
//! 2. Look into memory, along the variants of the key (`Vary`).
//! 3. Answer with a fresh response, or go on to the handler, whose response other requests may
//!    share.
//!
//! The steps after a miss are in [`miss`](crate::http::miss).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::RANGE;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::http::body::CacheBody;
use crate::http::client::Client;
use crate::http::handler_view::hide_what_is_not_in_the_key;
use crate::http::hint::CacheHint;
use crate::http::miss::Miss;
use crate::http::outcome::Outcome;
use crate::http::purge::Purge;
use crate::http::respond::{Asked, Responder};
use crate::http::rules::bypass::Bypass;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::plan::{Lookup, Plan};
use crate::http::semantics::cache_control::CacheControl;
use crate::http::semantics::cache_status::Forward;
use crate::http::semantics::conditional::must_bypass;
use crate::http::shared::LayerState;
use crate::http::transaction::Transaction;
use crate::http::variants::{Found, Variants};

/// A request on its way to a response.
pub(crate) struct Exchange<S, Q> {
    shared: Arc<LayerState>,
    service: S,
    request: Request<Q>,
}

impl<S, Q, B> Exchange<S, Q>
where
    S: Service<Request<Q>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Q: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    pub(crate) fn new(shared: Arc<LayerState>, service: S, request: Request<Q>) -> Self {
        Self {
            shared,
            service,
            request,
        }
    }

    /// Takes all steps that need no waiting.
    pub(crate) fn start(self) -> HttpCacheFuture<S, Q, B> {
        let shared = Arc::clone(&self.shared);
        let request = &self.request;
        let decided = shared
            .rules
            .decide(request.method(), request.uri(), request.headers());
        match decided {
            Lookup::Bypass { rule, reason } => self.bypass(rule.cloned(), reason),
            Lookup::Cacheable(plan) if must_bypass(request.headers()) => {
                self.pass(&plan, Forward::Request, "precondition")
            }
            Lookup::Cacheable(plan) => self.look_up(plan),
        }
    }

    fn bypass(self, rule: Option<Arc<CompiledRule>>, reason: Bypass) -> HttpCacheFuture<S, Q, B> {
        self.shared.counters_of(rule.as_deref()).bypassed(reason);
        let request = &self.request;
        let purge = Purge::of(
            &self.shared,
            rule.as_deref(),
            request.method(),
            request.uri(),
            request.headers(),
        );
        let forward = if reason == Bypass::Method {
            Forward::Method
        } else {
            Forward::Bypass
        };
        match purge {
            None => self.forward(rule, forward, reason.as_str()),
            Some(purge) => self.forward_and_purge(rule, purge),
        }
    }

    /// Passes a request on that the cache cannot answer, and counts the reason.
    fn pass(
        mut self,
        plan: &Plan,
        forward: Forward,
        reason: &'static str,
    ) -> HttpCacheFuture<S, Q, B> {
        self.shared.counters(&plan.rule).passed(reason);
        hide_what_is_not_in_the_key(plan, &mut self.request);
        self.forward(Some(Arc::clone(&plan.rule)), forward, reason)
    }

    fn forward(
        mut self,
        rule: Option<Arc<CompiledRule>>,
        forward: Forward,
        reason: &'static str,
    ) -> HttpCacheFuture<S, Q, B> {
        HttpCacheFuture::of(Kind::Passed {
            future: self.service.call(self.request),
            passing: Passing {
                shared: self.shared,
                rule,
                forward,
                reason,
            },
        })
    }

    fn forward_and_purge(
        mut self,
        rule: Option<Arc<CompiledRule>>,
        purge: Purge,
    ) -> HttpCacheFuture<S, Q, B> {
        let passing = Passing {
            shared: self.shared,
            rule,
            forward: Forward::Method,
            reason: Bypass::Method.as_str(),
        };
        let called = self.service.call(self.request);
        HttpCacheFuture::boxed(async move {
            let response = match called.await {
                Ok(response) => response,
                Err(error) => {
                    purge.after_error().await;
                    return Err(error);
                }
            };
            if purge.after(response.status(), response.headers()).await {
                let counters = passing.shared.counters_of(passing.rule.as_deref());
                counters.invalidations.bump();
            }
            Ok(passing.finish(response))
        })
    }

    /// Looks into memory, and answers the request from there or goes on with the handler.
    fn look_up(self, plan: Plan) -> HttpCacheFuture<S, Q, B> {
        let rule = Arc::clone(&plan.rule);
        let (method, headers) = (self.request.method(), self.request.headers());
        let shared = Arc::clone(&self.shared);
        let mut variants = Variants::new(shared.entries(&rule), &plan.key);
        let found = variants.find(headers);
        let client = Client::new(method, headers, plan.mode, rule.honour_request_no_cache);
        if let Some(response) = self.answer_at_once(&rule, &found, &client) {
            return HttpCacheFuture::ready(response);
        }
        if let Some((forward, reason)) = reason_to_pass(&self.request, &found) {
            return self.pass(&plan, forward, reason);
        }
        let place = variants.into_place();
        let transaction = Arc::new(Transaction {
            arrived_at: shared.now(),
            client: client.with_headers(headers.clone()),
            shared,
            plan,
        });
        let miss = Miss::new(transaction, self.service, self.request);
        HttpCacheFuture::boxed(miss.run(place, found))
    }

    /// Answers the request without the handler, if that is possible.
    fn answer_at_once(
        &self,
        rule: &CompiledRule,
        found: &Found,
        client: &Client,
    ) -> Option<Response<CacheBody<B>>> {
        let shared = &self.shared;
        let responder = Responder {
            shared,
            rule: Some(rule),
        };
        let now = shared.now();
        let answer = match found {
            Found::Fresh(kept) => client.accepts(kept, now).map(|outcome| (kept, outcome)),
            Found::Missing(missing) => missing.old.as_ref().and_then(|old| {
                let outcome = if missing.is_fresh() && is_of_part(&self.request) {
                    client.accepts(&old.kept, now)
                } else {
                    client.accepts_stale(&old.kept, now)
                };
                Some((&old.kept, outcome?))
            }),
            Found::Bypass | Found::TooManyVariants => None,
        };
        if let Some((kept, outcome)) = answer {
            outcome.count(shared.counters(rule));
            let asked = Asked {
                method: self.request.method(),
                headers: self.request.headers(),
            };
            return Some(responder.stored(asked, kept, outcome));
        }
        client.directives.only_if_cached.then(|| {
            let mut response = Response::new(CacheBody::empty());
            *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
            responder.finish(response, Outcome::OnlyIfCached)
        })
    }
}

/// Returns `true` if the request asks for a part of a response. The handler's response to such a
/// request would not be stored.
fn is_of_part<Q>(request: &Request<Q>) -> bool {
    *request.method() == Method::HEAD || request.headers().contains_key(RANGE)
}

/// Returns the reason why a request that memory could not answer goes to the handler alone, and
/// nothing of its response is stored.
fn reason_to_pass<Q>(request: &Request<Q>, found: &Found) -> Option<(Forward, &'static str)> {
    match found {
        Found::Bypass => return Some((Forward::Bypass, "disabled")),
        Found::TooManyVariants => return Some((Forward::VaryMiss, "variants")),
        Found::Fresh(_) | Found::Missing(_) => {}
    }
    if *request.method() == Method::HEAD {
        return Some((Forward::UriMiss, "head"));
    }
    if request.headers().contains_key(RANGE) {
        return Some((Forward::Bypass, "range"));
    }
    // This holds in both modes: a client must not make the cache forget a response that others
    // share.
    let no_store = CacheControl::of_request(request.headers()).no_store;
    no_store.then_some((Forward::Request, "no-store"))
}

/// A request that the handler alone answers, and the reason.
struct Passing {
    shared: Arc<LayerState>,
    rule: Option<Arc<CompiledRule>>,
    forward: Forward,
    reason: &'static str,
}

impl Passing {
    fn finish<B: Body<Data = Bytes>>(&self, mut response: Response<B>) -> Response<CacheBody<B>> {
        response.extensions_mut().remove::<CacheHint>();
        let outcome = Outcome::Forwarded {
            forward: self.forward,
            status: response.status().as_u16(),
            is_stored: false,
            is_collapsed: false,
            detail: Some(self.reason),
        };
        // The rule of the path does not apply to the response to a write.
        let is_of_rule = self.forward != Forward::Method;
        let responder = Responder {
            shared: &self.shared,
            rule: self.rule.as_deref().filter(|_| is_of_rule),
        };
        responder.finish(response.map(CacheBody::passed), outcome)
    }
}

/// The response of a service, or its error.
type Answer<B, E> = Result<Response<CacheBody<B>>, E>;

pin_project! {
    /// The future of an [`HttpCacheService`](crate::http::HttpCacheService).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after the handler was called for other requests too, the handler's
    /// call goes on in the background, for at most 30 seconds or the rule's `wait_timeout`,
    /// whichever is longer, and its response is stored. If the future of a write is dropped, the
    /// write's invalidation takes place.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct HttpCacheFuture<S: Service<Request<Q>>, Q, B: Body<Data = Bytes>> {
        #[pin]
        kind: Kind<S::Future, B, S::Error>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<F, B: Body<Data = Bytes>, E> {
        /// An answer from memory; `None` after it was taken.
        Ready { answer: Option<Answer<B, E>> },
        Passed { #[pin] future: F, passing: Passing },
        Boxed { future: Pin<Box<dyn Future<Output = Answer<B, E>> + Send>> },
    }
}

impl<S: Service<Request<Q>>, Q, B: Body<Data = Bytes>> HttpCacheFuture<S, Q, B> {
    fn of(kind: Kind<S::Future, B, S::Error>) -> Self {
        Self { kind }
    }

    fn ready(response: Response<CacheBody<B>>) -> Self {
        Self::of(Kind::Ready {
            answer: Some(Ok(response)),
        })
    }

    fn boxed(future: impl Future<Output = Answer<B, S::Error>> + Send + 'static) -> Self {
        Self::of(Kind::Boxed {
            future: Box::pin(future),
        })
    }
}

impl<S, Q, B> Future for HttpCacheFuture<S, Q, B>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Output = Answer<B, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProj::Ready { answer } => match answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => unreachable!("polled after it ended"),
            },
            KindProj::Passed { future, passing } => {
                let response = ready!(future.poll(context));
                Poll::Ready(response.map(|response| passing.finish(response)))
            }
            KindProj::Boxed { future } => future.as_mut().poll(context),
        }
    }
}

impl<S: Service<Request<Q>>, Q, B: Body<Data = Bytes>> fmt::Debug for HttpCacheFuture<S, Q, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpCacheFuture")
    }
}
