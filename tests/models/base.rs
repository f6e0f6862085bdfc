//! The leaves that the compiled files name.

#[path = "../../cachekit/src/base/block_on.rs"]
pub(crate) mod block_on;
#[path = "../../cachekit/src/base/clock.rs"]
#[expect(dead_code, unreachable_pub, reason = "the epochs use some of it")]
pub(crate) mod clock;
pub(crate) mod fault;
pub(crate) mod sync;
