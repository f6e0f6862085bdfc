//! `key = expr(..)`, and what cannot stand there.

use cachekit::{cached, invalidates};

pub struct Pool;

#[cached(key = expr())] //~ expected an expression over the arguments
async fn nothing(id: u64) -> u64 {
    id
}

#[cached(key = expr(id, page))] //~ several stand in a tuple
async fn two(id: u64, page: u64) -> u64 {
    id + page
}

#[cached(key = format!("{id}"))] //~ any other expression stands in
async fn bare(id: u64) -> u64 {
    id
}

#[cached(key = expr(ret.len()))] //~ `ret`: the key is needed before the call gives a value
async fn of_the_value(id: u64) -> String {
    id.to_string()
}

#[cached(key = expr({ if id == 0 { return; } id }))] //~ does not leave the function
async fn leaves(id: u64) -> u64 {
    id
}

#[cached(key = expr(self.tenant))] //~ this function has no `self`
async fn no_self(id: u64) -> u64 {
    id
}

#[cached(key = expr(id / 10))]
async fn forgets(id: u64, unit: &str) -> usize { //~ `unit` could change the result, but the key forgets it
    id as usize + unit.len()
}

#[cached(key = expr(id), skip(id))] //~ unused skip: `id` is in the key
async fn both(id: u64) -> u64 {
    id
}

#[cached(key = expr((id, pool)))] //~ `Pool` cannot be part of a key
async fn unwritable(pool: &Pool, id: u64) -> u64 {
    let _ = pool;
    id
}

#[invalidates(key = expr(id))] //~ expected a template in quotes
async fn by_hand(id: u64) -> u64 {
    id
}

fn main() {}
