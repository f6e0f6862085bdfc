//! The values that the compiled files name.

#[path = "../../cachekit/src/model/epoch.rs"]
#[expect(dead_code, reason = "the flights use some of it")]
pub(crate) mod epoch;
pub(crate) mod owner;
