//! An associated function without `self`, in whose signature and body nothing has the word `Self`, looks
//! like a free one. No type can stand in an `impl`, and the compiler says so first; what to write is
//! in the name that it misses then.

use cachekit::cached;

pub struct Repo;

impl Repo {
    #[cached] //~ struct is not supported in `trait`s or `impl`s //~ implementation is not supported in `trait`s or `impl`s
    pub async fn associated(id: u64) -> u64 { //~ cannot find function `__associated_is_in_an_impl__write_companion_Self`
        id
    }

    #[cached(companion = Self)]
    pub async fn right(id: u64) -> u64 {
        id
    }

    #[cached(companion = false)]
    pub async fn right_too(id: u64) -> u64 {
        id
    }

    #[cached]
    pub async fn seen_from_its_body(id: u64) -> u64 {
        Self::right(id).await
    }
}

fn main() {}
