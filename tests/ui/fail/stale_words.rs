//! Mistakes in the options about old values.

use cachekit::cached;

#[cached(key = "a", stale = 60, skip(name))]
async fn inside(name: Option<&str>) -> u64 { //~ what is borrowed here cannot be cloned
    1
}

#[cached(key = "b", soft_timeout = "50ms", stale = 60, skip(names))]
async fn changed(names: &mut Vec<String>) -> u64 { //~ take this argument by value
    1
}

#[cached(key = "c", tier = memory, stale = 60)] //~ a function that is not `async` cannot
fn not_async() -> u64 {
    1
}

#[cached(key = "d", soft_timeout = "50ms")] //~ nothing keeps one; add `stale = ..`
async fn nothing_old() -> u64 {
    1
}

#[cached(key = "e", stale = 0, stale_if_error = "0s", early = 0)] //~ write `early = false` //~ leave `stale` out //~ leave `stale_if_error` out
async fn zeros() -> Result<u64, ()> {
    Ok(1)
}

#[cached(key = "f", early = "often", stale = id)] //~ expected `false`, or how early //~ `stale` is a constant
async fn words(id: u64) -> u64 {
    id
}

struct Shop;

impl Shop {
    #[cached(key = "g", stale = 60, skip(self))]
    async fn shown(&self) -> String {
        format!("{self:p}") //~ cannot name; write
    }
}

fn main() {}
