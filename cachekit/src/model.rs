//! Data types of the cache: entries, options, epochs and statistics. This code is synchronous, does
//! no I/O, and gets the time from its callers.

pub(crate) mod call_stats;
pub(crate) mod config;
pub(crate) mod config_origin;
pub(crate) mod config_report;
pub(crate) mod deferred_drop;
pub(crate) mod entry;
pub(crate) mod entry_options;
pub(crate) mod epoch;
pub(crate) mod event_template;
pub(crate) mod freshness;
pub(crate) mod function_override;
pub(crate) mod function_spec;
pub(crate) mod histogram;
pub(crate) mod idle_expiry;
pub(crate) mod inspection;
pub(crate) mod invalidation_mode;
pub(crate) mod lineage;
pub(crate) mod miss_cause;
pub(crate) mod miss_reason;
pub(crate) mod owner;
pub(crate) mod owner_index;
pub(crate) mod policy;
pub(crate) mod redis_stats;
pub(crate) mod residence;
pub(crate) mod residents;
pub(crate) mod seen_invalidation;
pub(crate) mod server_info;
pub(crate) mod source;
pub(crate) mod stats;
pub(crate) mod tag_prefixes;
pub(crate) mod tags;
pub(crate) mod ttl_jitter;
pub(crate) mod warm_report;
pub(crate) mod write_order;
