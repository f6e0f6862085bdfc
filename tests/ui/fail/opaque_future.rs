//! A function that is not `async` must end with an `async` block: what it computes must be seen.

use std::future::Future;
use std::pin::Pin;

use cachekit::{cached, invalidates};

#[cached]
fn from_elsewhere(id: u64) -> impl Future<Output = u64> { //~ `#[cached]` must see what is computed; make this an `async fn`, or end it with an `async move { .. }` block
    std::future::ready(id)
}

#[cached]
fn boxed_elsewhere(id: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> { //~ `#[cached]` must see what is computed
    Box::pin(std::future::ready(id))
}

#[invalidates(tags = ["users"])]
fn write(id: u64) -> impl Future<Output = u64> { //~ `#[invalidates]` must see what is computed
    std::future::ready(id)
}

#[cached]
fn right(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

fn main() {}
