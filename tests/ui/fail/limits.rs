//! Values of the options about time and number.

use std::time::Duration;

use cachekit::cached;

#[cached(timeout = 0, timeout_error = "slow")] //~ a `timeout` of 0 leaves no time to compute
async fn no_time(id: u64) -> Result<u64, &'static str> {
    Ok(id)
}

#[cached(timeout = Duration::from_secs(id), timeout_error = "slow")] //~ `timeout` is a constant and cannot depend on `id`
async fn depends(id: u64) -> Result<u64, &'static str> {
    Ok(id)
}

#[cached(timeout = "2s", timeout_error = format!("no {id}"))] //~ `timeout_error` is made for every caller who waits
async fn error_depends(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[cached(timeout_error = "slow")] //~ `timeout_error` is the answer when the time is up, and there is no `timeout`
async fn no_timeout(id: u64) -> Result<u64, &'static str> {
    Ok(id)
}

#[cached(tier = memory, timeout = "2s", timeout_error = "slow")] //~ a function that is not `async` has none
fn sync(id: u64) -> Result<u64, &'static str> {
    Ok(id)
}

#[cached(max_computations = 0)] //~ with `max_computations = 0` nothing is ever computed
async fn none_at_all(id: u64) -> u64 {
    id
}

#[cached(max_computations = "64")] //~ expected a whole number from 1 to 4294967295, like `64`
async fn in_quotes(id: u64) -> u64 {
    id
}

#[cached(max_computations = 4294967296)] //~ expected a whole number from 1 to 4294967295, like `64`
async fn too_many(id: u64) -> u64 {
    id
}

fn main() {}
