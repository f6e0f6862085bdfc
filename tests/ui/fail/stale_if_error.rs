use cachekit::cached;

#[cached(key = "{id}", stale_if_error = "1h")]
async fn get(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
