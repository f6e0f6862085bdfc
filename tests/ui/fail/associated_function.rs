//! An associated function without `self` looks like a free one, and no type can stand in an
//! `impl`: it needs `companion = false`.

use cachekit::cached;

pub struct Repo;

impl Repo {
    #[cached] //~ struct is not supported in `trait`s or `impl`s //~ implementation is not supported in `trait`s or `impl`s
    pub async fn associated(id: u64) -> u64 { //~ cannot find module or crate `associated` in this scope
        id
    }

    #[cached(companion = false)]
    pub async fn right(id: u64) -> u64 {
        id
    }
}

fn main() {}
