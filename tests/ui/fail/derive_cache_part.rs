//! `#[derive(CacheKey)]`: structs and enums whose fields can be written.

use cachekit::CacheKey;

pub struct Pool;

#[derive(CacheKey)]
pub union Union { //~ `CacheKey` can be derived for structs and enums only
    a: u8,
    b: i8,
}

#[derive(CacheKey)]
pub struct One {
    pool: Pool, //~ `Pool` cannot be part of a key
}

#[derive(CacheKey)]
pub struct Several {
    id: u64,
    pool: Pool, //~ `Pool` cannot be part of a key
    share: f64,
}

#[derive(CacheKey)]
pub struct Unnamed(u64, Pool); //~ `Pool` cannot be part of a key

#[derive(CacheKey)]
pub enum Choice {
    Named {
        pool: Pool, //~ `Pool` cannot be part of a key
    },
    Unnamed(
        Vec<Pool>, //~ `Pool` cannot be part of a key
    ),
}

#[derive(CacheKey)]
#[cachekit(krate = cachekit)] //~ unknown option; the options are `crate`
pub struct WithOption {
    id: u64,
}

fn main() {}
