//! HTTP response caching: a tower layer that stores the responses of a service, and rules that say
//! which responses are stored, for how long, and what invalidates them.

pub(crate) mod body;
pub(crate) mod cache_control_layer;
pub(crate) mod client;
pub(crate) mod counters;
pub(crate) mod entries;
pub(crate) mod exchange;
pub(crate) mod fill;
pub(crate) mod group_tag;
pub(crate) mod handler_view;
pub(crate) mod hint;
pub(crate) mod hit_for_miss;
pub(crate) mod layer;
pub(crate) mod miss;
pub(crate) mod other_variants;
pub(crate) mod outcome;
pub(crate) mod purge;
pub(crate) mod respond;
pub(crate) mod rules;
pub(crate) mod semantics;
pub(crate) mod shared;
pub(crate) mod store_decision;
pub(crate) mod stored_response;
pub(crate) mod transaction;
pub(crate) mod variants;
pub(crate) mod wall_clock;

pub use crate::http::body::CacheBody;
pub use crate::http::cache_control_layer::{
    CacheControlFuture, CacheControlLayer, CacheControlService,
};
pub use crate::http::counters::RuleStats;
pub use crate::http::exchange::HttpCacheFuture;
pub use crate::http::hint::CacheHint;
pub use crate::http::layer::{HttpCacheLayer, HttpCacheService};
pub use crate::http::rules::bypass::Bypass;
pub use crate::http::rules::decision::Decision;
pub use crate::http::rules::error::RuleError;
pub use crate::http::rules::options::{
    Auth, Cookies, Downstream, Etag, Mode, Query, SetCookie, StatusHeader, UnlistedQuery,
};
pub use crate::http::rules::rule::Rule;
pub use crate::http::rules::rule_set::RuleSet;
pub use crate::http::rules::rule_set_builder::RuleSetBuilder;
