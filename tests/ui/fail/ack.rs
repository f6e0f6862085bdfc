//! `ack` waits, and a function that is not `async` cannot.

use cachekit::{cached, invalidates};

#[cached(key = "user:{id}", tier = memory)]
fn get_user(id: u64) -> u64 {
    id
}

#[invalidates(get_user(id), ack)] //~ `ack` waits for other processes at an `.await`, and a function that is not `async` has none; make it an `async fn`, or take `ack` out
fn at_once(id: u64) -> u64 {
    id
}

#[invalidates(get_user(id), ack = "200ms", on = always)] //~ `ack` waits for other processes at an `.await`
fn at_once_within(id: u64) -> u64 {
    id
}

pub struct Repo;

impl Repo {
    #[invalidates(get_user(id), ack)] //~ `ack` waits for other processes at an `.await`
    pub fn method(&self, id: u64) -> u64 {
        id
    }
}

#[invalidates(get_user(id), ack)]
async fn right(id: u64) -> u64 {
    id
}

#[invalidates(get_user(id), ack)]
fn right_too(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

fn main() {}
