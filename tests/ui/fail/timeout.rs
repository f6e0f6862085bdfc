//! `timeout` needs something to answer with.

use cachekit::cached;

#[derive(Debug, Clone)]
pub struct Failed;

#[cached(key = "plain:{id}", timeout = "2s")] //~ `timeout` is for functions that return a `Result`
async fn plain(id: u64) -> Option<u64> {
    Some(id)
}

#[cached(
    key = "plain-error:{id}",
    timeout = "2s", //~ `timeout` is for functions that return a `Result`
    timeout_error = Failed,
)]
async fn plain_with_error(id: u64) -> u64 {
    id
}

#[cached(key = "unknown-error:{id}", timeout = "2s")] //~ `timeout` does not know which error to answer with
async fn unknown_error(id: u64) -> Result<u64, Failed> {
    Ok(id)
}

#[cached(
    key = "wrong-error:{id}",
    timeout = "2s",
    timeout_error = "slow", //~ mismatched types
)]
async fn wrong_error(id: u64) -> Result<u64, Failed> {
    Ok(id)
}

#[cached(key = "right:{id}", timeout = "2s", timeout_error = Failed)]
async fn right(id: u64) -> Result<Option<u64>, Failed> {
    Ok(Some(id))
}

fn main() {}
