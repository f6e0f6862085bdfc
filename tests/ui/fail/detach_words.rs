//! Mistakes with `detach`.

use cachekit::cached;

#[cached(key = "a", detach, skip(name))]
async fn inside(name: Option<&str>) -> u64 { //~ take an owned value (`Option<String>` for `Option<&str>`
    1
}

#[cached(key = "b", detach, skip(names))]
async fn changed(names: &mut Vec<String>) -> u64 { //~ `detach` computes in the background, which cannot change what its caller has
    1
}

#[cached(key = "c", tier = memory, detach)] //~ a function that is not `async` cannot
fn not_async() -> u64 {
    1
}

#[cached(key = "d", detach, single_flight = off)] //~ every call computes for itself; take one out
async fn for_itself() -> u64 {
    1
}

#[cached(key = "e", detach = "30s")] //~ expected `true` or `false`
async fn for_so_long() -> u64 {
    1
}

struct Shop;

impl Shop {
    #[cached(key = "f", detach, skip(self))]
    async fn shown(&self) -> String {
        format!("{self:p}") //~ cannot name; write
    }

    #[cached(key = "g", detach, skip(self))]
    async fn sold(&mut self) -> u64 { //~ cannot change what its caller has
        1
    }
}

fn main() {}
