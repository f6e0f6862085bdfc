//! Cached functions that a macro makes.

#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]

use std::pin::Pin;
use std::time::Duration;

use cachekit::{cached, invalidates, write_through};

/// Names, types and the key come from where the macro is used.
macro_rules! cached_getter {
    ($vis:vis $get:ident, $save:ident, $drop:ident, $id:ident: $ty:ty, $key:literal) => {
        #[cached(key = $key, ttl = Duration::from_secs(300), tags = ["all"])]
        $vis async fn $get($id: $ty) -> $ty {
            let twice = $id.clone();
            twice
        }

        #[write_through($get($id))]
        $vis async fn $save($id: $ty) -> $ty {
            $id
        }

        #[invalidates($get($id), $get(..))]
        $vis async fn $drop($id: $ty) {
            let _ = $id;
        }
    };
}

cached_getter!(pub get_user, save_user, drop_user, id: u64, "user:{id}");
cached_getter!(get_name, save_name, drop_name, name: String, "name:{name}");

/// Everything is the macro's own.
macro_rules! fixed {
    () => {
        #[cached(key = "fixed:{id}", store_if = *ret > id, ttl = Duration::from_secs(id))]
        async fn fixed(id: u64) -> u64 {
            id
        }

        #[invalidates(tags = ["fixed:{ret}"], if = *ret > id)]
        async fn write_fixed(id: u64) -> u64 {
            id
        }
    };
}

fixed!();

/// Types and patterns as fragments.
macro_rules! typed {
    ($get:ident($arg:ident: $ty:ty), $other:ident($key:expr, $pat:pat => $whole:ty, $value:expr), $future:ty) => {
        #[cached]
        async fn $get($arg: $ty) -> u64 {
            $arg.len() as u64
        }

        #[cached(key = $key, companion = false)]
        async fn $other($pat: $whole) -> u64 {
            $value
        }

        #[invalidates($get($arg), $get(..))]
        async fn drop_typed($arg: $ty) {
            let _ = $arg;
        }

        #[write_through($get($arg))]
        async fn save_typed($arg: $ty) -> u64 {
            $arg.len() as u64
        }

        #[cached]
        fn boxed($arg: u64) -> $future {
            Box::pin(async move { $arg })
        }
    };
}

typed!(
    typed(name: &str),
    patterned("{a}:{b}", (a, b) => (u64, &u64), a + b),
    Pin<Box<dyn Future<Output = u64> + Send>>
);

async fn callers(name: String) {
    let _ = (get_user::entry(7).get().await, get_name::stats());
    let _ = (fixed(7).await, boxed(7).await);
    let _ = typed::entry(&name).get().await;
    typed::refresh(&name).await;
}

fn main() {}
