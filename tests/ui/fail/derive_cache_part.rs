//! `#[derive(CachePart)]`: structs and enums whose fields can be written.

use cachekit::CachePart;

pub struct Pool;

#[derive(CachePart)]
pub union Union { //~ `CachePart` can be derived for structs and enums only
    a: u8,
    b: i8,
}

#[derive(CachePart)] //~ `Pool` cannot be part of a key
pub struct One {
    pool: Pool,
}

#[derive(CachePart)] //~ `Pool` cannot be part of a key
pub struct Several {
    id: u64,
    pool: Pool,
    share: f64,
}

#[derive(CachePart)] //~ `Pool` cannot be part of a key
pub struct Unnamed(u64, Pool);

#[derive(CachePart)] //~ `Pool` cannot be part of a key //~ `Pool` cannot be part of a key
pub enum Choice {
    Named {
        pool: Pool,
    },
    Unnamed(
        Vec<Pool>,
    ),
}

#[derive(CachePart)]
#[cachekit(krate = cachekit)] //~ unknown option; the options are `crate`
pub struct WithOption {
    id: u64,
}

fn main() {}
