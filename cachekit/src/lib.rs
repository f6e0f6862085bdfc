//! Caches the results of async functions. Put [`#[cached]`](cached) on functions that read and
//! [`#[invalidates]`](invalidates) on functions that write. In the same process, a call that starts
//! after a write has returned never sees the value from before that write. Other processes usually
//! see the write within milliseconds, and within a second unless they are cut off from Redis.
//! Concurrent misses of one key run the function once (single-flight). Entries live in memory, and
//! with Redis all processes share them.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! use cachekit::{cached, invalidates};
//!
//! #[cached(key = "user:{id}", ttl = 300, tags = ["users"])]
//! async fn user_name(id: u64) -> Result<String, std::io::Error> {
//!     Ok(format!("user {id}")) // a slow query
//! }
//!
//! #[invalidates(user_name(id))]
//! async fn rename_user(id: u64, name: &str) -> Result<(), std::io::Error> {
//!     println!("user {id} is {name} now"); // the write
//!     Ok(())
//! }
//!
//! user_name(7).await?; // runs the function
//! user_name(7).await?; // from memory
//! rename_user(7, "Ann").await?;
//! user_name(7).await?; // runs it again
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! No set-up is needed: without [`init`], a cache with default settings and without Redis is used.
//! [`Cache`] has methods for use without macros.
//!
//! # How a call works
//!
//! ```text
//! get_user(7)
//!   │  key: user:7
//!   ▼
//! memory ───────── hit ──▶ value      a table of the thread (L0), then the process's memory (L1)
//!   │ miss
//!   ▼
//! single-flight ── wait ─▶ value      one call leads, the others wait for its value
//!   │ lead
//!   ▼
//! Redis ────────── hit ──▶ value      L2, shared by all processes; memory keeps the value (back-fill)
//!   │ miss, lease
//!   ▼
//! the function ──────────▶ value      stored in memory and Redis, unless an invalidation came in between
//! ```
//!
//! # Set-up
//!
//! ```no_run
//! # #[cfg(feature = "redis")]
//! # async fn start() -> Result<(), cachekit::BuildError> {
//! use cachekit::{Cache, Capacity};
//!
//! let cache = Cache::builder()
//!     .memory_capacity(Capacity::bytes(256 << 20))
//!     .namespace("shop")
//!     .redis("redis://localhost")
//!     .build()
//!     .await?;
//! cachekit::init(cache)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`init_from_env`] reads settings from environment variables and from the configuration file that
//! `CACHEKIT_CONFIG` names: see [`guide::configuration`].
//!
//! # Guide
//!
//! The [`guide`] has a page for each concept: [attributes](guide::attributes), [keys](guide::keys),
//! [freshness](guide::freshness), [computations](guide::computations),
//! [nested functions](guide::nested), [sources and modes of calls](guide::observing), [invalidation](guide::invalidation),
//! [transactions](guide::transactions), [guarantees](guide::guarantees), [failure](guide::failure),
//! [the command and the doctor](guide::command), [configuration](guide::configuration),
//! [the Redis account](guide::redis), [tests](guide::testing), [hot keys](guide::hot_keys), [bytes in Redis](guide::format),
//! [WebAssembly](guide::wasm), [your first service](guide::first_service),
//! [getting started](guide::getting_started), [choosing tags](guide::choosing_tags),
//! [write-behind](guide::write_behind), [encryption](guide::encryption), [HTTP](guide::http),
//! [topologies](guide::topologies), [sizes of a cluster](guide::cluster_sizes),
//! [operating](guide::operating), [migrating](guide::migrating) and a [glossary](guide::glossary).
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `redis` | yes | the tier that processes share (L2) |
//! | `bincode`, `msgpack`, `json` | `bincode` | codecs of values in Redis; a cache with Redis needs at least one. `json` also adds [`Cache::ask_stats`] |
//! | `lz4` | yes | compression of values in Redis |
//! | `quick_cache` | yes | a second engine of the memory tier, beside moka |
//! | `tracing` | yes | `tracing` events of the cache |
//! | `idna-unicode-rs` | yes | with `redis`, the whole program needs 16 crates less |
//! | `bytes`, `chrono`, `rust_decimal`, `uuid` | no | types of these crates in keys; equal values are written as equal texts |
//! | `config-file` | yes | settings and options of functions from a file |
//! | `dashboard` | no | a web page for operators, as a router of axum |
//! | `encryption` | no | values, messages and queued writes in Redis are encrypted |
//! | `http` | no | a tower layer that caches HTTP responses |
//! | `metrics` | no | the statistics as metrics, for Prometheus and other systems |
//! | `serde` | with `redis` or a codec | memory in bytes counts values by their serialised size |
//! | `tls` | no | encrypted connections to Redis and to sentinels, `rediss://` |
//! | `testing` | no | the module `testing`: a cache for each test, its time, a record of what it did, a Redis that fails |

#![forbid(unsafe_code)]
// docs.rs, which builds with a nightly compiler, marks each item that is behind a feature.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "redis"),
    expect(dead_code, reason = "the second tier's steps are there, but no store")
)]

// A folder imports only from folders above it in this list. `tests/architecture` checks this rule,
// and that no files import each other in a circle.

// Folders that import no other folder, and that all others may use.
mod base;
// Encoding of values as bytes, and of arguments as keys.
mod encoding;
mod key;
// Types without async code, I/O or a clock of their own.
mod model;
// Parts of a cache, which do not import each other.
mod coordination;
mod l1;
mod return_type;
mod store;
// The shared tier (L2) at run time, and the state of one cache.
mod l2;

mod core;
// The steps of a call, a write and an invalidation.
mod backfill;
mod invalidate;

mod read;
mod write;

mod write_behind;
// The interfaces of applications, tests and generated code.
mod api;
// Tools for those who operate a service.
mod ops;

#[cfg(any(feature = "testing", cachekit_faults))]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;

mod global;

#[cfg(feature = "dashboard")]
#[cfg_attr(docsrs, doc(cfg(feature = "dashboard")))]
pub mod dashboard;

#[cfg(feature = "http")]
pub mod http;

#[doc(hidden)]
pub mod __private;

#[cfg(doc)]
pub mod guide;

pub use cachekit_macros::{CacheKey, cached, invalidates, write_behind, write_through};

pub use crate::api::builder::CacheBuilder;
pub use crate::api::entry::Entry;
pub use crate::api::function_handle::FunctionHandle;
pub use crate::api::invalidation_builder::InvalidationBuilder;
pub use crate::api::low_hit_rate::{HitRateWatch, LowHitRate};
pub use crate::api::region::Region;
pub use crate::api::settings::reload::ReloadReport;
pub use crate::api::shutdown::ShutdownReport;
pub use crate::base::clock::{Clock, SystemClock};
pub use crate::base::error::{BuildError, ComputeTimeout};
pub use crate::core::state::Cache;
pub use crate::encoding::codec::Codec;
pub use crate::encoding::codec::cacheable::Cacheable;
#[cfg(feature = "encryption")]
pub use crate::encoding::encryption::keys::EncryptionKeys;
pub use crate::global::{global, init, init_from_env};
pub use crate::invalidate::deferred::{Deferred, deferred};
pub use crate::invalidate::delivery::{Delivery, with_delivery};
pub use crate::key::component::{CacheKey, KeyWriter};
pub use crate::l1::hot_keys::HotKey;
pub use crate::model::answers::{AnswerError, Answers, NodeAnswer};
pub use crate::model::call_stats::CallStats;
pub use crate::model::config::engine::{Engine, Eviction};
pub use crate::model::config::spans::Spans;
pub use crate::model::config::{Capacity, OnDisconnect, OnNewMaster, SingleFlight, Tier};
pub use crate::model::config_origin::ConfigOrigin;
pub use crate::model::config_report::{ConfigEntry, EffectiveConfig};
pub use crate::model::entry_options::Depends;
pub use crate::model::histogram::Histogram;
pub use crate::model::inspection::{
    Content, Dependency, DependencyKind, DependencyState, Inspection, StoredValue,
};
pub use crate::model::miss_cause::MissStats;
pub use crate::model::policy::Policy;
pub use crate::model::queue_error::QueueError;
pub use crate::model::queue_stats::QueueStats;
pub use crate::model::queued_write::QueuedWrite;
pub use crate::model::redis_stats::{BreakerState, RedisMisses, RedisStats};
pub use crate::model::seen_invalidation::{SeenInvalidation, SeenKind, SeenTarget};
pub use crate::model::server_info::{QueryError, ServerInfo};
pub use crate::model::source::{Observed, ObservedCall, Source, SourceTier};
pub use crate::model::stats::{BackgroundStats, FunctionStats, Stats};
pub use crate::model::warm_report::WarmReport;
pub use crate::model::warm_start_report::WarmStartReport;
pub use crate::model::write_order::WriteOrder;
pub use crate::ops::doctor::findings::{Diagnosis, Finding, Severity};
pub use crate::ops::warm::{Warming, warm};
pub use crate::ops::watch::Watch;
pub use crate::read::observing::{bypass, observed, refresh, with_source};
pub use crate::read::tracking::{tracked, untracked};
pub use crate::write_behind::dead_writes::DeadWrite;
pub use crate::write_behind::workers::{RunningWorkers, Workers};

/// A type whose instances are interchangeable for every cached function: no field of such a type
/// can change a result.
///
/// A cached method must state in its attribute whether `self` is part of the key, and a cached
/// function must state the same for each argument that it takes by value. For a repository that has
/// only a pool, and for the state of an application, implement `Shared` once instead of `skip(..)`
/// on every function. The implementation applies to the type as `self` and as an argument, also
/// behind `&`, `Arc`, `Rc` and `Box`. Never implement `Shared` for data of a request: callers would
/// get each other's values.
///
/// # Examples
///
/// ```
/// struct Users {
///     pool: (),
/// }
///
/// impl cachekit::Shared for Users {}
///
/// impl Users {
///     #[cachekit::cached(key = "profile:{id}")]
///     pub async fn name(&self, id: u64) -> String {
///         format!("user {id}")
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`self` is in neither `key` nor `skip`",
    label = "could change the result, but the key forgets it",
    note = "name what matters of it, as in `key = \"user:{{self.tenant}}:{{id}}\"`; if nothing does, \
            write `skip(self)`, or `impl cachekit::Shared for {Self} {{}}` once for all its methods"
)]
pub trait Shared {
    /// Does nothing. Generated code calls this method to require the trait.
    #[doc(hidden)]
    fn __cachekit_shared(&self) {}
}
