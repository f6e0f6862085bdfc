//! HTTP caching semantics as pure functions over header fields (RFC 9110, RFC 9111): no state, no
//! clock and no I/O.

pub(crate) mod age;
pub(crate) mod cache_control;
pub(crate) mod cache_status;
pub(crate) mod conditional;
pub(crate) mod date;
pub(crate) mod directives;
pub(crate) mod etag;
pub(crate) mod groups;
pub(crate) mod hop_by_hop;
pub(crate) mod lifetime;
pub(crate) mod lists;
pub(crate) mod not_stored;
pub(crate) mod numbers;
pub(crate) mod quality;
pub(crate) mod range;
pub(crate) mod request_directives;
pub(crate) mod storable;
pub(crate) mod structured;
pub(crate) mod targeted;
pub(crate) mod update;
pub(crate) mod vary;
