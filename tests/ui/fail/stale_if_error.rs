use cachekit::cached;

#[cached(key = "{id}", stale_if_error = "1h")] //~ `stale_if_error` is for functions that return a `Result`
async fn get(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
