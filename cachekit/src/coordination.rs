//! Mechanisms within one process: single-flight, concurrency limits, write tokens, and the epochs
//! of tags.

pub(crate) mod background;
pub(crate) mod concurrency_limit;
pub(crate) mod delivery_scope;
pub(crate) mod epoch_registry;
pub(crate) mod frame;
pub(crate) mod number_set;
pub(crate) mod observations;
pub(crate) mod recursion;
pub(crate) mod refresh_claims;
pub(crate) mod refresh_scope;
pub(crate) mod single_flight;
pub(crate) mod tag_epochs;
pub(crate) mod taken;
pub(crate) mod write_tokens;
