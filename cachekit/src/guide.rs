//! The guide: the pages of `docs/` in the repository, with one page for each concept.
//!
//! | page | answers |
//! |---|---|
//! | [`first_service`] | a service with axum and sqlx: queries, handlers, two instances, tests |
//! | [`getting_started`] | one option at a time, with its measured effect |
//! | [`attributes`] | every option of `#[cached]`, `#[invalidates]` and `#[write_through]`, on every form of function |
//! | [`keys`] | which calls share an entry; templates, types, forgotten arguments |
//! | [`freshness`] | how long an entry is served, from which tier, and stale values |
//! | [`computations`] | who computes on a miss; deadlines and limits |
//! | [`nested`] | cached functions that call cached functions |
//! | [`observing`] | where the values of calls came from; calls that bypass the cache or compute anew |
//! | [`invalidation`] | how a write invalidates old values: by entry, tag or event, also softly |
//! | [`choosing_tags`] | which tags to give an entry, what a tag costs, and how to see that it is too wide |
//! | [`transactions`] | writes and reads in an open transaction, with sqlx, diesel and SeaORM |
//! | [`write_behind`] | queued writes, and workers that carry them out |
//! | [`guarantees`] | the guarantees, each with its tests and its assumptions |
//! | [`configuration`] | settings and options from the builder, a file and the environment |
//! | [`failure`] | Redis unreachable, slow, full, or back with older data |
//! | [`encryption`] | encryption of what leaves the process, keys, and what stays visible |
//! | [`mod@http`] | responses of an HTTP service: rules, freshness, invalidation |
//! | [`command`] | the command `cachekit`, the doctor, and a look at one entry |
//! | [`redis`] | the rights of the Redis account, and the address |
//! | [`topologies`] | one Redis server, Redis Sentinel, Redis Cluster, and TLS |
//! | [`cluster_sizes`] | what spreads over the masters of a Redis Cluster, and what one master has to carry |
//! | [`operating`] | statistics, their units, metrics, and what to alert on |
//! | [`mod@testing`] | a cache for each test, its time, a record of what it did, a Redis that fails |
//! | [`hot_keys`] | the keys that are used most, and a warm start |
//! | [`mod@format`] | names and bytes in Redis, and manual invalidation |
//! | [`migrating`] | moving to cachekit from code around Redis, from `cached` and from moka |
//! | [`wasm`] | compiling for WebAssembly |
//! | [`glossary`] | the terms |
//!
//! The modules are empty and exist in the documentation only.

/// Defines one documentation module for each page of the guide. The links of a page use labels,
/// which the end of the page defines as paths of files, for GitHub. The first definition of a label
/// wins, so the definitions in this macro turn the links into links to modules. The labels of
/// pictures become the pictures themselves, because rustdoc copies no files
/// (`tests/documents/pictures.rs`).
macro_rules! pages {
    ($($name:ident = $file:literal;)*) => {
        $(
            #[doc = "[attributes]: crate::guide::attributes"]
            #[doc = "[choosing tags]: crate::guide::choosing_tags"]
            #[doc = "[cluster sizes]: crate::guide::cluster_sizes"]
            #[doc = "[command]: crate::guide::command"]
            #[doc = "[computations]: crate::guide::computations"]
            #[doc = "[configuration]: crate::guide::configuration"]
            #[doc = "[encryption]: crate::guide::encryption"]
            #[doc = "[failure]: crate::guide::failure"]
            #[doc = "[first service]: crate::guide::first_service"]
            #[doc = "[format]: crate::guide::format"]
            #[doc = "[freshness]: crate::guide::freshness"]
            #[doc = "[getting started]: crate::guide::getting_started"]
            #[doc = "[glossary]: crate::guide::glossary"]
            #[doc = "[guarantees]: crate::guide::guarantees"]
            #[doc = "[http]: crate::guide::http"]
            #[doc = "[hot keys]: crate::guide::hot_keys"]
            #[doc = "[invalidation]: crate::guide::invalidation"]
            #[doc = "[keys]: crate::guide::keys"]
            #[doc = "[migrating]: crate::guide::migrating"]
            #[doc = "[nested]: crate::guide::nested"]
            #[doc = "[observing]: crate::guide::observing"]
            #[doc = "[operating]: crate::guide::operating"]
            #[doc = concat!("[picture of a call]: ", include_str!("../docs/pictures/call.uri"))]
            #[doc = concat!("[picture of a fill]: ", include_str!("../docs/pictures/fence.uri"))]
            #[doc = concat!("[picture of the bus]: ", include_str!("../docs/pictures/bus.uri"))]
            #[doc = "[redis]: crate::guide::redis"]
            #[doc = "[testing]: crate::guide::testing"]
            #[doc = "[topologies]: crate::guide::topologies"]
            #[doc = "[transactions]: crate::guide::transactions"]
            #[doc = "[wasm]: crate::guide::wasm"]
            #[doc = "[write behind]: crate::guide::write_behind"]
            #[doc = ""]
            #[doc = include_str!(concat!("../docs/", $file))]
            pub mod $name {}
        )*
    };
}

pages! {
    attributes = "attributes.md";
    choosing_tags = "choosing-tags.md";
    cluster_sizes = "cluster-sizes.md";
    command = "command.md";
    computations = "computations.md";
    configuration = "configuration.md";
    encryption = "encryption.md";
    failure = "failure.md";
    first_service = "first-service.md";
    format = "format.md";
    freshness = "freshness.md";
    getting_started = "getting-started.md";
    glossary = "glossary.md";
    guarantees = "guarantees.md";
    hot_keys = "hot-keys.md";
    http = "http.md";
    invalidation = "invalidation.md";
    keys = "keys.md";
    migrating = "migrating.md";
    nested = "nested.md";
    observing = "observing.md";
    operating = "operating.md";
    redis = "redis.md";
    testing = "testing.md";
    topologies = "topologies.md";
    transactions = "transactions.md";
    wasm = "wasm.md";
    write_behind = "write-behind.md";
}
