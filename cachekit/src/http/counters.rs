//! Counters of one rule, for the statistics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::counter::Counter;
use crate::base::sync::Mutex;
use crate::http::rules::bypass::Bypass;
use crate::http::semantics::storable::NotStored;

/// Counters of the requests of one rule.
#[derive(Debug, Default)]
pub(crate) struct RuleCounters {
    pub(crate) hits: Counter,
    pub(crate) stale: Counter,
    pub(crate) misses: Counter,
    pub(crate) revalidated: Counter,
    pub(crate) collapsed: Counter,
    pub(crate) not_modified: Counter,
    pub(crate) invalidations: Counter,
    pub(crate) bytes_served: AtomicU64,
    bypassed: [Counter; Bypass::ALL.len()],
    passed: Mutex<BTreeMap<&'static str, u64>>,
    not_stored: Mutex<BTreeMap<&'static str, u64>>,
}

/// Statistics of one rule since its layer was made.
///
/// [`HttpCacheLayer::stats`](crate::http::HttpCacheLayer::stats) returns one for each rule. The
/// labels are names of rules and words for reasons, never paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RuleStats {
    /// Name of the rule.
    pub rule: String,
    /// Requests answered with a fresh stored response.
    pub hits: u64,
    /// Requests answered with a stale stored response.
    pub stale: u64,
    /// Requests answered by the handler, though they could have been answered from the cache.
    pub misses: u64,
    /// Requests answered with a stored response that the handler has confirmed.
    pub revalidated: u64,
    /// Requests answered with the response that another request waited for. They count as misses
    /// too.
    pub collapsed: u64,
    /// Answers `304 Not Modified` from the cache: the client had the response.
    pub not_modified: u64,
    /// Requests to unsafe methods after which stored responses were invalidated.
    pub invalidations: u64,
    /// Bytes of bodies served from the cache.
    pub bytes_served: u64,
    /// Requests that bypassed the cache, by reason.
    pub bypassed: BTreeMap<&'static str, u64>,
    /// Responses that were not stored, by reason.
    pub not_stored: BTreeMap<&'static str, u64>,
}

impl RuleCounters {
    pub(crate) fn bypassed(&self, reason: Bypass) {
        self.bypassed[reason.index()].bump();
    }

    /// Counts a request with a rule that went to the handler alone, under the word for its
    /// `reason`.
    pub(crate) fn passed(&self, reason: &'static str) {
        *self.passed.lock().entry(reason).or_default() += 1;
    }

    pub(crate) fn not_stored(&self, reason: NotStored) {
        *self.not_stored.lock().entry(reason.as_str()).or_default() += 1;
    }

    pub(crate) fn stats(&self, rule: &str) -> RuleStats {
        let mut bypassed = self.passed.lock().clone();
        for reason in Bypass::ALL {
            let count = self.bypassed[reason.index()].sum();
            if count > 0 {
                *bypassed.entry(reason.as_str()).or_default() += count;
            }
        }
        RuleStats {
            rule: rule.to_owned(),
            hits: self.hits.sum(),
            stale: self.stale.sum(),
            misses: self.misses.sum(),
            revalidated: self.revalidated.sum(),
            collapsed: self.collapsed.sum(),
            not_modified: self.not_modified.sum(),
            invalidations: self.invalidations.sum(),
            bytes_served: self.bytes_served.load(Ordering::Relaxed),
            bypassed,
            not_stored: self.not_stored.lock().clone(),
        }
    }
}
