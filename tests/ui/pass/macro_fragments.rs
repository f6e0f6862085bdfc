//! What a macro was given as a fragment comes in an invisible group, and means the same.

#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]

use cachekit::{cached, invalidates, write_through};

macro_rules! with_body {
    ($name:ident($arg:ident: $ty:ty) -> $ret:ty $body:block) => {
        #[cached]
        async fn $name($arg: $ty) -> $ret $body
    };
}

with_body!(outside(x: u64) -> Option<u64> {
    let half = x.checked_div(2)?;
    Some(half)
});

macro_rules! with_options {
    ($get:ident($id:ident), $key:expr, $tag:expr, $ttl:expr, $none_ttl:literal;
     $other:ident, $jitter:expr, $name:expr, $version:expr) => {
        #[cached(key = $key, tags = [$tag], events = [$tag], ttl = $ttl, none_ttl = $none_ttl)]
        async fn $get($id: u64) -> Option<u64> {
            Some($id)
        }

        #[cached(jitter = $jitter, name = $name, version = $version)]
        async fn $other($id: u64) -> u64 {
            $id
        }
    };
}

with_options!(seconds(id), "s:{id}", "t:{id}", 300, 30; other_seconds, 0.1, "seconds", 2);
with_options!(units(id), "u:{id}", "t:{id}", "1h30m", "30s"; other_units, 1, "units", 3);

mod names {
    #[cachekit::cached]
    pub async fn by_name(name: &str) -> u64 {
        name.len() as u64
    }
}

macro_rules! writes {
    ($get:path, $arg:ident: $ty:ty, $value:expr) => {
        #[invalidates($get($value), $get(..))]
        async fn drop_name($arg: $ty) {
            let _ = $arg;
        }

        #[write_through($get($value))]
        async fn save_name($arg: $ty) -> u64 {
            $arg.len() as u64
        }
    };
}

writes!(names::by_name, name: &str, name.trim());

fn main() {}
