//! `cached`: the same attribute, in memory alone; no tags.

use std::sync::Arc;

use cached::macros::concurrent_cached;

use crate::candidate::Candidate;
use crate::memory::{Args, Value};
use crate::user::User;

/// The functions of one return type: `max_size` is [`ROOM`](crate::memory::ROOM).
macro_rules! functions {
    ($module:ident, $ret:ty) => {
        mod $module {
            use super::{Value, concurrent_cached};

            #[concurrent_cached]
            pub(super) async fn plain(id: u64) -> $ret {
                <$ret>::loaded(id)
            }

            #[concurrent_cached(max_size = 20_000, ttl_secs = 300)]
            pub(super) async fn bounded(id: u64) -> $ret {
                <$ret>::loaded(id)
            }

            #[concurrent_cached(
                max_size = 20_000,
                ttl_secs = 300,
                key = "String",
                convert = r#"{ format!("user:{id}") }"#
            )]
            pub(super) async fn formatted(id: u64) -> $ret {
                <$ret>::loaded(id)
            }

            #[concurrent_cached(
                max_size = 20_000,
                ttl_secs = 300,
                key = "String",
                convert = r#"{ name.to_owned() }"#
            )]
            pub(super) async fn text(name: &str) -> $ret {
                <$ret>::loaded(name.len() as u64)
            }

            #[concurrent_cached(
                max_size = 20_000,
                ttl_secs = 300,
                key = "String",
                convert = r#"{ format!("user:{org}:{name}") }"#
            )]
            pub(super) async fn both(org: u64, name: &str) -> $ret {
                <$ret>::loaded(org + name.len() as u64)
            }
        }
    };
}

functions!(by_value, super::User);
functions!(by_arc, super::Arc<super::User>);

/// Candidates of the functions in a module.
macro_rules! candidates {
    ($module:ident, $args:expr) => {
        match $args {
            Args::Number => vec![
                candidate!("cached, key u64", (), |(), key| $module::plain(key.id)
                    .await),
                candidate!("cached lru+ttl, key u64", (), |(), key| {
                    $module::bounded(key.id).await
                }),
                candidate!("cached lru+ttl, key format!(..)", (), |(), key| {
                    $module::formatted(key.id).await
                }),
            ],
            Args::Text => vec![candidate!("cached lru+ttl, key String", (), |(), key| {
                $module::text(key.name).await
            })],
            Args::Both => vec![candidate!(
                "cached lru+ttl, key format!(..)",
                (),
                |(), key| $module::both(key.org(), key.name).await
            )],
        }
    };
}

pub(in crate::memory) fn owned(args: Args) -> Vec<Candidate> {
    candidates!(by_value, args)
}

pub(in crate::memory) fn shared(args: Args) -> Vec<Candidate> {
    candidates!(by_arc, args)
}
