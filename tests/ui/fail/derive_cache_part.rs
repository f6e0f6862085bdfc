//! `#[derive(CachePart)]`: structs and enums whose fields can be written.

use cachekit::CachePart;

pub struct Pool;

#[derive(CachePart)]
pub union Union { //~ `CachePart` can be derived for structs and enums only
    a: u8,
    b: i8,
}

#[derive(CachePart)]
pub struct One {
    pool: Pool, //~ `Pool` cannot be part of a key
}

#[derive(CachePart)]
pub struct Several {
    id: u64,
    pool: Pool, //~ `Pool` cannot be part of a key
    share: f64,
}

#[derive(CachePart)]
pub struct Unnamed(u64, Pool); //~ `Pool` cannot be part of a key

#[derive(CachePart)]
pub enum Choice {
    Named {
        pool: Pool, //~ `Pool` cannot be part of a key
    },
    Unnamed(
        Vec<Pool>, //~ `Pool` cannot be part of a key
    ),
}

#[derive(CachePart)]
#[cachekit(krate = cachekit)] //~ unknown option; the options are `crate`
pub struct WithOption {
    id: u64,
}

fn main() {}
