//! Sources of answers: where the values of cached calls came from, as `with_source` and `observed`
//! tell it.

use std::time::Duration;

/// The part of a cache that answered a call, in the order from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SourceTier {
    /// This process's memory.
    Memory,
    /// Redis.
    Redis,
    /// Another call, whose computation this call waited for (single-flight).
    Waited,
    /// A run of the function by this call.
    Computed,
    /// A run of the function without the cache (a bypass).
    Bypassed,
}

impl SourceTier {
    /// Returns the name of the tier, for spans and the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Waited => "waited",
            Self::Computed => "computed",
            Self::Bypassed => "bypassed",
        }
    }
}

/// The source of a value: the worst tier and the greatest age among the cached calls that the value
/// was made from.
///
/// [`with_source`](crate::with_source) and [`observed`](crate::observed) return it. A call inside
/// of another call's computation is part of that call, and is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Source {
    /// The worst tier that answered a call. [`Bypassed`](SourceTier::Bypassed) if there was no
    /// call, because then no part of the value is from a cache.
    pub tier: SourceTier,
    /// `true` if a call was answered with a stale value.
    pub is_stale: bool,
    /// Time since the oldest value was computed or written. Zero for values that were computed by
    /// the calls themselves, and for errors and bypasses.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub age: Duration,
    /// Number of the calls that were answered.
    pub calls: usize,
}

/// A cached call, as an observer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ObservedCall {
    /// Name of the function or region, as in [`FunctionStats`](crate::FunctionStats).
    pub function: String,
    /// The tier that answered the call.
    pub tier: SourceTier,
    /// `true` if the answer is a stale value.
    pub is_stale: bool,
    /// Time since the value was computed or written. Zero for a value that the call computed
    /// itself, for an error and for a bypass.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub age: Duration,
    /// Time that the call took after its look-up in memory. Zero for a hit in memory and for a
    /// bypass, which are not measured.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub took: Duration,
    /// `true` if the call was made inside of another call's computation.
    pub is_nested: bool,
}

/// The cached calls of a future, as [`observed`](crate::observed) returns them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Observed {
    /// The first calls, at most 64, in the order in which they began. A call that was dropped
    /// before its answer is left out.
    pub calls: Vec<ObservedCall>,
    /// Number of the further calls.
    pub more: usize,
    /// The source of all calls together, also of those that are not listed.
    pub source: Source,
}

impl Source {
    /// The source of a value for which no cached call was made.
    pub(crate) const NONE: Self = Self {
        tier: SourceTier::Bypassed,
        is_stale: false,
        age: Duration::ZERO,
        calls: 0,
    };

    /// Adds a call that was answered from `tier` with a value of this age.
    pub(crate) fn add(&mut self, tier: SourceTier, is_stale: bool, age: Duration) {
        self.tier = if self.calls == 0 {
            tier
        } else {
            self.tier.max(tier)
        };
        self.is_stale |= is_stale;
        self.age = self.age.max(age);
        self.calls += 1;
    }
}
