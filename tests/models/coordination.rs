//! The flights, which are searched.

#[path = "../../cachekit/src/coordination/single_flight.rs"]
#[expect(dead_code, reason = "the model uses some of it")]
pub(crate) mod single_flight;
