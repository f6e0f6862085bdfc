//! The rules of who serves from memory and who is waited for.

#[path = "../../../cachekit/src/l2/bus/membership.rs"]
pub(crate) mod membership;
