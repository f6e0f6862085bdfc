//! Tools for the tests of an application: a cache of its own for each test, a clock, a record of what
//! the cache did, and a stand-in for Redis that fails on demand.
//!
//! The page [`guide::testing`](crate::guide::testing) shows how the items of this module work
//! together.
//!
//! | item | gives a test |
//! |---|---|
//! | [`scope`] | a cache of its own in place of the global cache |
//! | [`ScopeLayer`] | the test's cache in the requests that a server serves |
//! | [`ManualClock`] | the time of the cache |
//! | [`Recorder`] | hits, computations, stores and invalidations since its creation |
//! | [`FakeRedis`] | a shared tier in memory that fails or is slow on demand |

pub(crate) mod fake_redis;
pub(crate) mod manual_clock;
pub(crate) mod recorder;
pub(crate) mod scope;
#[cfg(feature = "testing")]
pub(crate) mod scope_layer;
#[cfg(cachekit_faults)]
mod tests;

#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::base::fault::Point;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::base::fault::guards::Fault;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::store::fake::controls::FakeStore;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::store::fake::traffic::Traffic;
#[cfg(cachekit_faults)]
#[doc(hidden)]
pub use crate::store::fake::trouble::{Op, Step, Trouble};
pub use crate::testing::fake_redis::FakeRedis;
pub use crate::testing::manual_clock::ManualClock;
pub use crate::testing::recorder::Recorder;
pub use crate::testing::scope::scope;
#[cfg(feature = "testing")]
pub use crate::testing::scope_layer::{ScopeFuture, ScopeLayer, ScopeService};
#[cfg(all(cachekit_faults, feature = "serde"))]
#[doc(hidden)]
pub use crate::testing::tests::fuzz_any::read_anything;
