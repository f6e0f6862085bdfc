//! A write of an entry that has copies stores nothing, so an order tells nothing.

use cachekit::{Shared, cached, write_through};

#[cached(key = "hot:{id}", tier = redis, replicas = 4)]
async fn hot(id: u64) -> u64 {
    id
}

#[write_through(hot(id))]
async fn save(id: u64) -> u64 {
    id
}

#[write_through(hot(id), order_by = *ret)] //~ `order_by` has nothing to order: the function has `replicas`
async fn save_in_order(id: u64) -> u64 {
    id
}

pub struct Repo;

impl Shared for Repo {}

impl Repo {
    #[cached(key = "warm:{id}", tier = redis, replicas = 4)]
    pub async fn warm(&self, id: u64) -> u64 {
        id
    }

    #[write_through(self.warm(id), order_by = *ret)] //~ `order_by` has nothing to order: the function has `replicas`
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
