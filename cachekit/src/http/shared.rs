//! The state that all services of one layer share.

use std::sync::Arc;
use std::time::Duration;

use crate::core::state::{Cache, Core, RegionState};
use crate::http::counters::RuleCounters;
use crate::http::entries::Entries;
use crate::http::hit_for_miss::HitForMiss;
use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::options::Mode;
use crate::http::rules::rule_set::RuleSet;
use crate::http::rules::template::Template;
use crate::http::wall_clock::WallClock;
use crate::model::config::{Capacity, Unit};
use crate::model::entry_options::{Depends, EntryOptions};
use crate::model::owner::Owner;

/// First part of the name that the entries of a rule have in statistics, where the entries of a
/// function have the function's name. The rule's name follows.
const OWNER_PREFIX: &str = "http:";

/// Bytes of memory for the responses of a cache whose capacity is not in bytes.
const OWN_MEMORY: u64 = 256 << 20;

/// Longest time from the first byte of a body to its last one, unless requests wait for longer. A
/// slower response is not stored.
const FILL_LIMIT: Duration = Duration::from_secs(30);

/// The state that all services of one layer share.
#[derive(Debug)]
pub(crate) struct LayerState {
    pub(crate) cache: Cache,
    pub(crate) rules: RuleSet,
    pub(crate) hit_for_miss: HitForMiss,
    clock: WallClock,
    /// Entries and counters of each rule, by the rule's index.
    of_rules: Vec<(Entries, RuleCounters)>,
    /// Counters of requests without a rule.
    pub(crate) without_rule: RuleCounters,
}

impl LayerState {
    pub(crate) fn new(cache: &Cache, rules: RuleSet) -> Self {
        let states: Vec<_> = rules
            .rules()
            .iter()
            .map(|rule| state(cache, rule))
            .collect();
        let core = states
            .first()
            .map_or_else(|| Arc::clone(cache.core()), |first| core_of(cache, first));
        let of_rule = |(rule, state): (&Arc<CompiledRule>, RegionState)| {
            let options = options(&rules, rule);
            let entries = Entries::new(Arc::clone(&core), state.owner, options);
            (entries, RuleCounters::default())
        };
        let of_rules: Vec<_> = rules.rules().iter().zip(states).map(of_rule).collect();
        let now = cache.core().clock.now();
        Self {
            cache: cache.clone(),
            of_rules,
            rules,
            hit_for_miss: HitForMiss::new(),
            clock: WallClock::new(now),
            without_rule: RuleCounters::default(),
        }
    }

    pub(crate) fn entries(&self, rule: &CompiledRule) -> &Entries {
        &self.of_rules[rule.index].0
    }

    pub(crate) fn counters(&self, rule: &CompiledRule) -> &RuleCounters {
        &self.of_rules[rule.index].1
    }

    /// Returns the counters of `rule`, or of the requests without a rule.
    pub(crate) fn counters_of(&self, rule: Option<&CompiledRule>) -> &RuleCounters {
        rule.map_or(&self.without_rule, |rule| self.counters(rule))
    }

    /// Returns the time of day, in milliseconds since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        self.clock.at(self.cache.core().clock.now())
    }
}

/// Returns the state of `rule`, which all layers of `cache` with a rule of that name share.
fn state(cache: &Cache, rule: &CompiledRule) -> RegionState {
    let name = format!("{OWNER_PREFIX}{}", rule.name);
    // A region has no name with this first byte.
    let state = cache
        .core()
        .named_state(&format!("\0{name}"), |id| Owner::new(id, &name));
    // An event with data finds the responses by these templates.
    let events = rule.events.iter();
    state.owner.add_events(events.map(Template::source));
    state
}

/// Returns the core whose memory has the responses: that of the cache if its capacity is in bytes.
/// Otherwise the responses get a memory of their own, because ten thousand values of functions take
/// little memory, and ten thousand responses may take more memory than the machine has.
fn core_of(cache: &Cache, first: &RegionState) -> Arc<Core> {
    let core = cache.core();
    if core.config.memory_capacity.unit == Unit::Bytes {
        return Arc::clone(core);
    }
    let capacity = Capacity::bytes(OWN_MEMORY);
    let room = || (capacity, core.new_memory(capacity));
    let (capacity, memory) = first.memory.get_or_init(room);
    Arc::new(core.with_memory(*capacity, Arc::clone(memory)))
}

/// Returns the longest time from the first byte of a body to its last one, and the longest time of
/// a refresh.
pub(crate) fn fill_limit(rule: &CompiledRule) -> Duration {
    rule.wait_timeout.max(FILL_LIMIT)
}

fn options(rules: &RuleSet, rule: &CompiledRule) -> EntryOptions {
    let is_shared = rules.mode == Mode::Shared;
    let window = |length: Duration| (!length.is_zero()).then_some(length);
    EntryOptions {
        ttl: rule.ttl,
        lock_timeout: Some(rule.wait_timeout),
        // In shared mode each response says for how long it is served stale.
        stale: if is_shared { None } else { window(rule.swr) },
        stale_if_error: if is_shared {
            Some(rules.keep)
        } else {
            window(rule.sie)
        },
        early: if is_shared { 0.0 } else { 1.0 },
        detach: true,
        // A slow body is copied for longer than other requests wait for it.
        detach_limit: Some(fill_limit(rule)),
        depends: if rule.depends {
            Depends::All
        } else {
            Depends::Nothing
        },
        ..EntryOptions::DEFAULT
    }
}
