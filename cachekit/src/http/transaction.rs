//! A request and its rule: everything about the request that outlives its hand-over to the
//! handler.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, RANGE};
use http::{HeaderName, Request, StatusCode};

use crate::http::client::Client;
use crate::http::counters::RuleCounters;
use crate::http::entries::{Entries, Kept};
use crate::http::handler_view::{fields_for_refresh, hide_what_is_not_in_the_key};
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::options::{Auth, Cookies, Mode};
use crate::http::rules::plan::Plan;
use crate::http::semantics::conditional::{add_validators, remove_conditions};
use crate::http::semantics::storable::NotStored;
use crate::http::shared::LayerState;
use crate::model::tags::EntryTags;

/// A request that may be answered from the cache.
pub(crate) struct Transaction {
    pub(crate) shared: Arc<LayerState>,
    pub(crate) plan: Plan,
    pub(crate) client: Client,
    /// Time of the request's arrival, in milliseconds since the Unix epoch.
    pub(crate) arrived_at: u64,
}

impl Transaction {
    pub(crate) fn rule(&self) -> &Arc<CompiledRule> {
        &self.plan.rule
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.shared.rules.mode == Mode::Shared
    }

    pub(crate) fn entries(&self) -> &Entries {
        self.shared.entries(self.rule())
    }

    pub(crate) fn counters(&self) -> &RuleCounters {
        self.shared.counters(self.rule())
    }

    /// Returns the time of day, in milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        self.shared.now()
    }

    /// Returns this transaction without the fields of the request that concern its client alone.
    /// `old` is the response that is refreshed in the background. In shared mode, the response says
    /// for whom it is, so the handler gets the whole request, and the result is `None`.
    pub(crate) fn without_client(&self, old: Option<&Kept>) -> Option<Self> {
        if self.is_shared() {
            return None;
        }
        let client = self.client.clone();
        let fields = fields_for_refresh(&client.headers, self.rule(), old);
        Some(Self {
            shared: Arc::clone(&self.shared),
            plan: self.plan.clone(),
            client: client.with_headers(fields),
            arrived_at: self.arrived_at,
        })
    }

    /// Returns `true` if a response with `status`, not stored because of `reason`, says nothing
    /// about the responses to others: the client asked for something of its own, or the handler may
    /// have known the client by a field that is in no key.
    pub(crate) fn is_of_request(&self, reason: NotStored, status: StatusCode) -> bool {
        let is_of_reason = matches!(reason, NotStored::RequestNoStore | NotStored::Authorization);
        let says_that_it_is_gone = matches!(status.as_u16(), 404 | 410);
        let is_of_status = status == StatusCode::NOT_MODIFIED || status.is_client_error();
        is_of_reason || (is_of_status && !says_that_it_is_gone) || self.is_personal()
    }

    /// Returns the request's fields that are in the key, so that responses need not be told apart
    /// by them.
    pub(crate) fn names_in_key(&self) -> Vec<HeaderName> {
        let rule = self.rule();
        let mut names = rule.headers.clone();
        // In shared mode the handler also sees cookies that are not in the key.
        let sees_listed_only = !self.is_shared() && rule.cookies != Cookies::Bypass;
        names.extend(sees_listed_only.then_some(COOKIE));
        names.extend((rule.auth == Auth::Key).then_some(AUTHORIZATION));
        names
    }

    /// Returns `true` if the handler sees a field of the request that says who the client is, and
    /// that is not in the key. In owned mode, the handler sees no such field.
    fn is_personal(&self) -> bool {
        let in_key = self.names_in_key();
        let is_seen =
            |name: &HeaderName| self.client.headers.contains_key(name) && !in_key.contains(name);
        self.is_shared() && [AUTHORIZATION, COOKIE].iter().any(is_seen)
    }

    /// Returns the tags and events of the entry, as far as the request decides them.
    pub(crate) fn entry_tags(&self) -> EntryTags {
        let mut tags = EntryTags::new();
        tags.tag_of(&self.plan.uri_tag());
        for tag in self.plan.tags() {
            tags.tag_of(&tag);
        }
        for event in self.plan.events() {
            tags.event_of(&event);
        }
        tags
    }

    /// Returns `true` if the stale response `old` is served while the handler is asked. Only in
    /// shared mode: in owned mode the tiers know the window.
    pub(crate) fn may_serve_while_revalidating(&self, old: &Kept) -> bool {
        let freshness = &old.freshness;
        self.is_shared()
            && freshness.may_serve_stale
            && freshness.is_within(freshness.stale_while_revalidate, self.now())
            && !self.client.demands_fresh()
    }

    /// Returns `true` if `kept` answers the request as a fresh response does.
    pub(crate) fn accepts(&self, kept: &Kept) -> bool {
        let now = self.now();
        // In owned mode the tiers know the end; times of two nodes are not compared.
        let is_fresh = !self.is_shared() || kept.freshness.is_fresh(now);
        is_fresh && self.client.accepts(kept, now).is_some()
    }

    /// Returns `true` if `kept` is the variant for this request.
    pub(crate) fn matches(&self, kept: &Kept) -> bool {
        kept.matches(&self.client.headers)
    }

    /// Returns `true` if this request waits for the response of another one for `key`.
    pub(crate) fn coalesces(&self, key: &[u8]) -> bool {
        let now = self.shared.cache.core().clock.now();
        self.rule().coalesce && !self.shared.hit_for_miss.is_marked(key, now)
    }

    /// Records that the last response for `key` was not to be stored.
    pub(crate) fn mark_uncacheable(&self, key: &[u8]) {
        let now = self.shared.cache.core().clock.now();
        let length = self.rule().hit_for_miss;
        self.shared.hit_for_miss.mark(key, now, length);
    }

    /// Records that the response for `key` is to be stored.
    pub(crate) fn unmark_uncacheable(&self, key: &[u8]) {
        self.shared.hit_for_miss.unmark(key);
    }

    /// Returns `true` if `old` is served because the handler failed.
    pub(crate) fn may_serve_after_failure(&self, old: &Kept) -> bool {
        if !self.is_shared() {
            return true;
        }
        let freshness = &old.freshness;
        let on_failure = Some(self.shared.rules.stale_on_failure.as_secs());
        let now = self.now();
        freshness.may_serve_stale
            && (freshness.is_within(freshness.stale_if_error, now)
                || freshness.is_within(on_failure, now))
    }

    /// Returns `true` if the client demands a call of the handler, whatever a tier has. In shared
    /// mode the handler is asked to confirm the response that the tiers have.
    pub(crate) fn demands_call(&self) -> bool {
        !self.is_shared() && self.client.demands_fresh()
    }

    /// Returns the reason why `old` was served in the place of a new response.
    pub(crate) fn reason_to_serve_stale(&self, old: &Kept) -> Option<&'static str> {
        let is_refreshed = if self.is_shared() {
            self.may_serve_while_revalidating(old)
        } else {
            let window = Some(self.rule().swr.as_secs());
            old.freshness.is_within(window, self.now())
        };
        if is_refreshed {
            return Some("swr");
        }
        self.may_serve_after_failure(old).then_some("sie")
    }

    /// Makes `request` the request that the handler gets, and returns the stored response that the
    /// handler is asked to confirm.
    pub(crate) fn prepare<Q>(&self, request: &mut Request<Q>, old: Option<Kept>) -> Option<Kept> {
        hide_what_is_not_in_the_key(&self.plan, request);
        if self.is_shared() {
            let old = old?;
            let mut headers = request.headers().clone();
            remove_conditions(&mut headers);
            if !add_validators(&mut headers, &old.headers) {
                return None;
            }
            *request.headers_mut() = headers;
            return Some(old);
        }
        let headers = request.headers_mut();
        remove_conditions(headers);
        headers.remove(RANGE);
        None
    }
}
