//! The decision if a response is stored, and the entry that is made of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AGE, CONTENT_LENGTH, ETAG, SET_COOKIE};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

use crate::http::entries::Kept;
use crate::http::group_tag::group_tag;
use crate::http::hint::CacheHint;
use crate::http::rules::options::Etag;
use crate::http::semantics::age::initial_age;
use crate::http::semantics::groups::cache_groups;
use crate::http::semantics::hop_by_hop::remove_hop_by_hop;
use crate::http::semantics::storable::{
    NotStored, SharedPolicy, StorePlan, forbidden_in_both, forbidden_vary, owned_restriction,
    shared_plan, strips_set_cookie,
};
use crate::http::semantics::update::update_from_304;
use crate::http::semantics::vary::{Vary, nominated};
use crate::http::stored_response::{ResponseFreshness, StoredResponse};
use crate::http::transaction::Transaction;
use crate::http::wall_clock::millis;
use crate::model::ttl_jitter::jittered;

/// A response that is stored once its body is complete.
pub(crate) struct Storing {
    pub(crate) max_body: u64,
    content_length: Option<u64>,
    stored: StoredResponse,
    etag: Etag,
}

/// The reason why the handler's response is not stored.
pub(crate) enum Refusal {
    /// The handler failed.
    Failure {
        /// `true` if the handler's hint forbids to give the failure to others.
        is_personal: bool,
    },
    NotStored(NotStored),
}

impl From<NotStored> for Refusal {
    fn from(reason: NotStored) -> Self {
        Self::NotStored(reason)
    }
}

impl Storing {
    /// Returns `true` if a body of `size` bytes is as long as the response says.
    pub(crate) fn is_length(&self, size: u64) -> bool {
        self.content_length.is_none_or(|length| length == size)
    }

    /// Returns the response to store, with its body.
    pub(crate) fn complete(mut self, body: Bytes) -> Kept {
        let headers = &mut self.stored.headers;
        if self.stored.status == StatusCode::OK
            && !headers.contains_key(ETAG)
            && let Some(etag) = entity_tag(self.etag, &body)
        {
            headers.insert(ETAG, etag);
        }
        self.stored.body = body;
        Arc::new(self.stored)
    }
}

/// Returns an entity tag made of the body's bytes.
fn entity_tag(etag: Etag, body: &[u8]) -> Option<HeaderValue> {
    let weak = match etag {
        Etag::Weak => "W/",
        Etag::Strong => "",
        Etag::Off => return None,
    };
    HeaderValue::from_str(&format!("{weak}\"{:032x}\"", xxh3_128(body))).ok()
}

/// Decides if the handler's response with `parts` is stored. The handler was asked at `asked_at`.
pub(crate) fn decide(
    transaction: &Transaction,
    parts: &mut Parts,
    asked_at: u64,
) -> Result<Storing, Refusal> {
    if transaction.is_shared() {
        decide_shared(transaction, parts, asked_at)
    } else {
        decide_owned(transaction, parts, asked_at)
    }
}

/// Returns the stored response `old` with the fields of `confirmation`, if the handler answered
/// that `old` is still right. The `Err` has the response for this client alone: with the new fields
/// it must not be stored.
pub(crate) fn confirmed(
    transaction: &Transaction,
    old: &Kept,
    confirmation: &Parts,
    asked_at: u64,
) -> Option<Result<Kept, (Kept, NotStored)>> {
    if confirmation.status != StatusCode::NOT_MODIFIED {
        return None;
    }
    let mut updated = StoredResponse::clone(old);
    update_from_304(&mut updated.headers, &confirmation.headers);
    // The age is that of the confirmation, and not of the stored response.
    updated.headers.remove(AGE);
    for age in confirmation.headers.get_all(AGE) {
        updated.headers.append(AGE, age.clone());
    }
    let plan = plan_of(transaction, updated.status, &updated.headers, asked_at);
    updated.headers.remove(AGE);
    let plan = match plan {
        Ok(plan) => plan,
        Err(reason) => return Some(Err((Arc::new(updated), reason))),
    };
    updated.freshness = freshness_of(&plan, transaction.now());
    updated.arrived_here = true;
    for name in &plan.strip {
        updated.headers.remove(name);
    }
    if let Ok(vary) = varies(transaction, &updated.headers) {
        updated.vary = vary;
    }
    let groups = group_tags(transaction, &updated.headers);
    updated.tags.retain(|tag| !groups.contains(tag));
    updated.tags.extend(groups);
    Some(Ok(Arc::new(updated)))
}

/// Returns the handler's failure as a response for all who wait for it; `None` if the failure may
/// be for one client only. In shared mode no request waits for a failure of another (RFC 9111,
/// section 4).
pub(crate) fn failure(transaction: &Transaction, parts: &Parts, body: Bytes) -> Option<Kept> {
    let headers = &parts.headers;
    let is_personal = headers.contains_key(SET_COOKIE) || owned_restriction(headers).is_err();
    if transaction.is_shared() || is_personal {
        return None;
    }
    let freshness = ResponseFreshness {
        received_at: transaction.now(),
        initial_age: 0,
        lifetime: 0,
        always_revalidate: false,
        may_serve_stale: false,
        stale_while_revalidate: None,
        stale_if_error: None,
    };
    let storing = storing(transaction, parts, &[], Vec::new(), freshness).ok()?;
    Some(storing.complete(body))
}

/// Decides about a response by the service's own rule.
fn decide_owned(
    transaction: &Transaction,
    parts: &mut Parts,
    asked_at: u64,
) -> Result<Storing, Refusal> {
    let rule = transaction.rule();
    let hint = parts.extensions.remove::<CacheHint>().unwrap_or_default();
    if parts.status.is_server_error() {
        let is_personal = hint.no_store;
        return Err(Refusal::Failure { is_personal });
    }
    if hint.no_store {
        return Err(NotStored::NoStore.into());
    }
    let client = &transaction.client.headers;
    if let Some(reason) = forbidden_in_both(parts.status, client, &parts.headers) {
        return Err(reason.into());
    }
    let age = age_at_arrival(transaction, &parts.headers, asked_at);
    let cap = owned_restriction(&parts.headers)?;
    let cap = cap.map(|cap| Duration::from_secs(cap.saturating_sub(age)));
    let ttl = hint.ttl.or_else(|| rule.ttl_of(parts.status));
    let ttl = ttl.ok_or(NotStored::Status)?;
    let ttl = cap.map_or(ttl, |cap| cap.min(ttl));
    if ttl.is_zero() {
        return Err(NotStored::NoFreshness.into());
    }
    let strip = strips_set_cookie(rule.set_cookie, &parts.headers)?.then_some(SET_COOKIE);
    if let Some(reason) = forbidden_vary(&parts.headers, &transaction.names_in_key()) {
        return Err(reason.into());
    }
    let ttl = jittered(ttl, rule.ttl_jitter, fastrand::f64());
    let freshness = ResponseFreshness {
        received_at: transaction.now(),
        initial_age: age,
        // The rule's time counts from the arrival.
        lifetime: millis(ttl.saturating_add(Duration::from_secs(age))),
        always_revalidate: false,
        may_serve_stale: true,
        stale_while_revalidate: None,
        stale_if_error: None,
    };
    storing(transaction, parts, strip.as_slice(), hint.tags, freshness)
}

/// Returns the age, in seconds, of a response that was asked for at `asked_at`. Without `Age`, the
/// age is zero, whatever `Date` says: the handler has made the response.
fn age_at_arrival(transaction: &Transaction, headers: &HeaderMap, asked_at: u64) -> u64 {
    if !headers.contains_key(AGE) {
        return 0;
    }
    let now = transaction.now();
    initial_age(headers, now / 1_000, now.saturating_sub(asked_at) / 1_000)
}

/// Decides about a response as a shared cache (RFC 9111, section 3).
fn decide_shared(
    transaction: &Transaction,
    parts: &mut Parts,
    asked_at: u64,
) -> Result<Storing, Refusal> {
    let hint = parts.extensions.remove::<CacheHint>().unwrap_or_default();
    let plan = match refused_by(&hint) {
        Some(reason) => Err(reason),
        None => plan_of(transaction, parts.status, &parts.headers, asked_at),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(_) if is_failure(parts.status) => {
            let is_personal = hint.no_store;
            return Err(Refusal::Failure { is_personal });
        }
        Err(reason) => return Err(reason.into()),
    };
    let mut freshness = freshness_of(&plan, transaction.now());
    if let Some(ttl) = hint.ttl {
        // Caches on the way to clients subtract the age from the `max-age` of the response itself.
        let age = Duration::from_secs(freshness.initial_age);
        freshness.lifetime = millis(ttl.saturating_add(age));
    }
    storing(transaction, parts, &plan.strip, hint.tags, freshness)
}

/// Returns why a response with `hint` is not stored.
fn refused_by(hint: &CacheHint) -> Option<NotStored> {
    if hint.no_store {
        return Some(NotStored::NoStore);
    }
    let is_over = hint.ttl.is_some_and(|ttl| ttl.is_zero());
    is_over.then_some(NotStored::NoFreshness)
}

fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

fn policy(transaction: &Transaction) -> SharedPolicy {
    let (rules, rule) = (&transaction.shared.rules, transaction.rule());
    SharedPolicy {
        heuristics: rules.heuristics,
        set_cookie: rule.set_cookie,
        keeps_stale: !rules.stale_on_failure.is_zero(),
        allowed_vary: transaction.names_in_key(),
    }
}

fn freshness_of(plan: &StorePlan, now: u64) -> ResponseFreshness {
    ResponseFreshness {
        received_at: now,
        initial_age: plan.initial_age,
        lifetime: plan.lifetime.saturating_mul(1_000),
        always_revalidate: plan.always_revalidate,
        may_serve_stale: plan.may_serve_stale,
        stale_while_revalidate: plan.stale_while_revalidate,
        stale_if_error: plan.stale_if_error,
    }
}

/// Returns how a shared cache stores a response that was asked for at `asked_at`.
fn plan_of(
    transaction: &Transaction,
    status: StatusCode,
    headers: &HeaderMap,
    asked_at: u64,
) -> Result<StorePlan, NotStored> {
    let now = transaction.now();
    let client = &transaction.client;
    shared_plan(
        &policy(transaction),
        &client.method,
        &client.headers,
        status,
        headers,
        now / 1_000,
        now.saturating_sub(asked_at) / 1_000,
    )
}

/// Returns the fields of the request that a response varies by, except those in the key, with the
/// request's values.
fn varies(
    transaction: &Transaction,
    headers: &HeaderMap,
) -> Result<Vec<(HeaderName, Option<Bytes>)>, NotStored> {
    let Vary::Names(names) = Vary::of(headers) else {
        return Err(NotStored::VaryStar);
    };
    let in_key = transaction.names_in_key();
    let names = names.into_iter().filter(|name| !in_key.contains(name));
    let names: Vec<HeaderName> = names.collect();
    Ok(nominated(&names, &transaction.client.headers))
}

fn group_tags(transaction: &Transaction, headers: &HeaderMap) -> Vec<String> {
    let groups = cache_groups(headers);
    let host = transaction.plan.host();
    groups.iter().map(|group| group_tag(host, group)).collect()
}

/// Makes the entry of a response that is stored, without its body.
fn storing(
    transaction: &Transaction,
    parts: &Parts,
    strip: &[HeaderName],
    mut tags: Vec<String>,
    freshness: ResponseFreshness,
) -> Result<Storing, Refusal> {
    let rule = transaction.rule();
    let max_body = rule.max_body as u64;
    let content_length = content_length(&parts.headers);
    if content_length.is_some_and(|length| length > max_body) {
        return Err(NotStored::TooLarge.into());
    }
    let vary = varies(transaction, &parts.headers)?;
    tags.extend(group_tags(transaction, &parts.headers));
    let mut headers = parts.headers.clone();
    remove_hop_by_hop(&mut headers);
    for name in strip.iter().chain([&AGE]) {
        headers.remove(name);
    }
    Ok(Storing {
        max_body,
        content_length,
        stored: StoredResponse {
            status: parts.status,
            headers,
            body: Bytes::new(),
            vary,
            tags,
            freshness,
            arrived_here: true,
        },
        etag: rule.etag,
    })
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
