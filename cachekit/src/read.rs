//! The read path: hits, misses and computations.

pub(crate) mod answer;
pub(crate) mod background_task;
pub(crate) mod cached_error;
pub(crate) mod call;
pub(crate) mod call_mode;
pub(crate) mod complete_call;
pub(crate) mod composition;
pub(crate) mod compute_detached;
pub(crate) mod detach_on_drop;
pub(crate) mod hit;
pub(crate) mod join_flight;
pub(crate) mod l2_backfill;
pub(crate) mod l2_lookup;
pub(crate) mod l2_peek;
pub(crate) mod look_again;
pub(crate) mod miss;
pub(crate) mod observing;
pub(crate) mod peek;
pub(crate) mod permit;
pub(crate) mod refresh;
pub(crate) mod refresh_limit;
pub(crate) mod return_answer;
pub(crate) mod running;
pub(crate) mod timeout;
pub(crate) mod tracking;
pub(crate) mod typed_call;
