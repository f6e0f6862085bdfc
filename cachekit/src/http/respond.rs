//! Responses made of stored ones: conditional requests, ranges, `HEAD`, and the fields that say
//! where a response came from.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    EXPIRES, RANGE, SET_COOKIE, VARY,
};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body::Body;

use crate::http::body::CacheBody;
use crate::http::entries::Kept;
use crate::http::outcome::Outcome;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::options::{Auth, Cookies, Downstream, StatusHeader};
use crate::http::semantics::cache_status;
use crate::http::semantics::conditional::{Precondition, evaluate, not_modified_headers};
use crate::http::semantics::range::{RangeAnswer, select};
use crate::http::shared::LayerState;

/// The request's side of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
}

/// Makes responses for one rule.
#[derive(Clone, Copy)]
pub(crate) struct Responder<'a> {
    pub(crate) shared: &'a LayerState,
    /// `None` for a request without a rule.
    pub(crate) rule: Option<&'a CompiledRule>,
}

impl Responder<'_> {
    /// Answers a request with the stored response `kept`.
    pub(crate) fn stored<B: Body<Data = Bytes>>(
        &self,
        asked: Asked<'_>,
        kept: &Kept,
        outcome: Outcome,
    ) -> Response<CacheBody<B>> {
        let mut response = answer(asked, kept.status, &kept.headers, &kept.body);
        let age = kept.freshness.age(self.shared.now());
        response.headers_mut().insert(AGE, HeaderValue::from(age));
        self.count(&response, asked);
        self.finish(response, outcome)
    }

    /// Answers the request that reached the handler with the handler's response, whose body is
    /// that of `kept`.
    pub(crate) fn fresh<B: Body<Data = Bytes>>(
        &self,
        asked: Asked<'_>,
        mut parts: Parts,
        kept: &Kept,
        outcome: Outcome,
    ) -> Response<CacheBody<B>> {
        if let Some(etag) = kept.headers.get(ETAG)
            && !parts.headers.contains_key(ETAG)
        {
            parts.headers.insert(ETAG, etag.clone());
        }
        let answered = answer(asked, parts.status, &parts.headers, &kept.body);
        let (mut answered, body) = answered.into_parts();
        keep_cookies(&mut answered.headers, &parts.headers);
        parts.status = answered.status;
        parts.headers = answered.headers;
        self.finish(Response::from_parts(parts, body), outcome)
    }

    /// Adds the fields that every response of the rule has.
    pub(crate) fn finish<B>(&self, mut response: Response<B>, outcome: Outcome) -> Response<B> {
        if let Some(rule) = self.rule {
            set_downstream(&mut response, rule, outcome);
            add_vary(response.headers_mut(), rule);
        }
        let headers = response.headers_mut();
        let rules = &self.shared.rules;
        if let Some(status) = outcome.status(&rules.cache_name) {
            let kind = rules.status_header;
            if matches!(kind, StatusHeader::CacheStatus | StatusHeader::Both) {
                cache_status::append(headers, &status);
            }
            if matches!(kind, StatusHeader::XCache | StatusHeader::Both) {
                cache_status::set_x_cache(headers, &status);
            }
        }
        response
    }

    fn count<B: Body<Data = Bytes>>(&self, response: &Response<CacheBody<B>>, asked: Asked<'_>) {
        let counters = self.shared.counters_of(self.rule);
        if response.status() == StatusCode::NOT_MODIFIED && asked.method != Method::HEAD {
            counters.not_modified.bump();
            if let Some(rule) = self.rule {
                self.shared.entries(rule).count_not_modified();
            }
        }
        let size = response.body().size_hint().exact().unwrap_or_default();
        counters.bytes_served.fetch_add(size, Ordering::Relaxed);
    }
}

/// Returns `response`, or `304 Not Modified` in its place if the client has it: the handler did not
/// see the request's condition.
pub(crate) fn or_not_modified<B: Body<Data = Bytes>>(
    asked: Asked<'_>,
    response: Response<CacheBody<B>>,
) -> Response<CacheBody<B>> {
    let (mut parts, body) = response.into_parts();
    if evaluate(asked.method, asked.headers, parts.status, &parts.headers)
        != Precondition::NotModified
    {
        return Response::from_parts(parts, body);
    }
    let mut headers = not_modified_headers(&parts.headers);
    keep_cookies(&mut headers, &parts.headers);
    parts.headers = headers;
    parts.status = StatusCode::NOT_MODIFIED;
    Response::from_parts(parts, CacheBody::empty())
}

/// Puts the cookies of the handler's response into `headers`, the fields of a `304`, which lack
/// them.
fn keep_cookies(headers: &mut HeaderMap, of_handler: &HeaderMap) {
    if headers.contains_key(SET_COOKIE) {
        return;
    }
    for cookie in of_handler.get_all(SET_COOKIE) {
        headers.append(SET_COOKIE, cookie.clone());
    }
}

/// Answers a request with a complete response: all of it, a part, or only the message that the
/// client has it.
fn answer<B: Body<Data = Bytes>>(
    asked: Asked<'_>,
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response<CacheBody<B>> {
    if evaluate(asked.method, asked.headers, status, headers) == Precondition::NotModified {
        let mut response = Response::new(CacheBody::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = not_modified_headers(headers);
        return response;
    }
    let mut headers = headers.clone();
    let length = body.len() as u64;
    let mut body = body.clone();
    let mut status = status;
    if status == StatusCode::OK && asked.headers.contains_key(RANGE) {
        let selected = select(asked.method, asked.headers, &headers, length);
        match selected {
            RangeAnswer::Full => {}
            RangeAnswer::Part { start, end } => {
                status = StatusCode::PARTIAL_CONTENT;
                body = part(&body, start, end);
            }
            RangeAnswer::Unsatisfiable => {
                status = StatusCode::RANGE_NOT_SATISFIABLE;
                body = Bytes::new();
                // These fields are about the whole response, and not about this answer.
                for name in [CACHE_CONTROL, EXPIRES, CONTENT_TYPE, CONTENT_ENCODING] {
                    headers.remove(name);
                }
            }
        }
        if let Some(range) = selected.content_range(length) {
            headers.remove(CONTENT_LENGTH);
            headers.insert(CONTENT_RANGE, range);
        }
    }
    if asked.method == Method::HEAD {
        // RFC 9110, section 8.6.
        if status != StatusCode::NO_CONTENT {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        body = Bytes::new();
    }
    let mut response = Response::new(CacheBody::full(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Returns the bytes from `start` to `end`, both included.
fn part(body: &Bytes, start: u64, end: u64) -> Bytes {
    let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
    let (start, end) = (index(start), index(end.saturating_add(1)));
    body.slice(start.min(end)..end)
}

/// Sets the `Cache-Control` for clients, and for caches on the way to them, unless the handler set
/// one.
fn set_downstream<B>(response: &mut Response<B>, rule: &CompiledRule, outcome: Outcome) {
    if response.headers().contains_key(CACHE_CONTROL) {
        return;
    }
    let value = match rule.downstream {
        Downstream::MaxAge(length) if may_be_kept(response, outcome) => {
            HeaderValue::from_str(&format!("max-age={}", length.as_secs())).ok()
        }
        Downstream::MaxAge(_) | Downstream::NoCache => Some(HeaderValue::from_static("no-cache")),
        Downstream::Off => None,
    };
    if let Some(value) = value {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
}

/// Returns `true` if others may keep the response for the time that the rule says: it is not a
/// failure, and not for one client only.
fn may_be_kept<B>(response: &Response<B>, outcome: Outcome) -> bool {
    let is_refused = matches!(
        outcome,
        Outcome::Forwarded {
            is_stored: false,
            ..
        }
    );
    let is_of_one_client = response.headers().contains_key(SET_COOKIE)
        || response.status() == StatusCode::RANGE_NOT_SATISFIABLE;
    !is_refused && !is_of_one_client
}

/// Adds to `Vary` the fields that are in the rule's key, so that caches on the way to clients tell
/// responses apart by these fields.
fn add_vary(headers: &mut HeaderMap, rule: &CompiledRule) {
    let mut add = |name: &'static str| {
        headers.append(VARY, HeaderValue::from_static(name));
    };
    // All requests without cookies share a response, and requests with cookies do not. A cache on
    // the way to clients must know that too.
    let is_kept = matches!(rule.downstream, Downstream::MaxAge(_));
    let cookies_matter = match rule.cookies {
        Cookies::Key(_) => true,
        Cookies::Bypass => is_kept,
        Cookies::Ignore => false,
    };
    if cookies_matter {
        add("cookie");
    }
    if rule.auth == Auth::Key || (rule.auth == Auth::Bypass && is_kept) {
        add("authorization");
    }
    for name in &rule.headers {
        headers.append(VARY, HeaderValue::from(name.clone()));
    }
}
