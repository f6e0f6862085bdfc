//! The rules of group membership.

#[path = "../../../cachekit/src/l2/bus/membership.rs"]
pub(crate) mod membership;
