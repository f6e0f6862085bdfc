//! The rules of group membership.

#[path = "../../../cachekit/src/l2/bus/membership.rs"]
pub(crate) mod membership;
#[path = "../../../cachekit/src/l2/bus/presence.rs"]
pub(crate) mod presence;
#[path = "../../../cachekit/src/l2/bus/timings.rs"]
pub(crate) mod timings;
