//! Errors that cannot be remembered.

use cachekit::cached;

#[derive(Debug)]
pub struct NotClone;

#[cached(key = "{id}", err_ttl = 5)] //~ the error that this function returns cannot be remembered
async fn not_clone(id: u64) -> Result<u64, NotClone> {
    Ok(id)
}

#[cached(key = "{id}", err_ttl = 5)] //~ the error that this function returns cannot be remembered
async fn boxed(id: u64) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Some(id))
}

#[cached(key = "{id}", err_ttl = 5, skip(E))] //~ the error that this function returns cannot be remembered
async fn of_a_parameter<E: Send + Sync + 'static>(id: u64) -> Result<u64, E> {
    Ok(id)
}

#[cached(key = "{id}", err_ttl = 5)] //~ `err_ttl` is for functions that return a `Result`
async fn never_fails(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
