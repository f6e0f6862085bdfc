//! What `skip` names is an argument that is not in the key.

use cachekit::cached;

#[cached(key = "user:{id}", skip(pol))] //~ unused skip: there is no argument `pol`; did you mean `pool`?
async fn typing_mistake(pool: &(), id: u64) -> u64 {
    let () = pool;
    id
}

#[cached(key = "user:{id}", skip(nobody))] //~ there is no argument `nobody`; one may skip `id`, `T`
async fn unknown<T>(id: u64) -> u64 {
    id
}

#[cached(skip(nobody))] //~ there is no argument `nobody`; the function has no arguments
async fn no_arguments() -> u64 {
    1
}

#[cached(key = "user:{id}", skip(id))] //~ unused skip: `id` is in the key; take it out of one of them
async fn in_the_key(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id.len()}", skip(id))] //~ unused skip: `id` is in the key; take it out of one of them
async fn in_the_key_with_a_method(id: String) -> usize {
    id.len()
}

#[cached(key = "user:{id}", skip(pool, pool))] //~ `pool` is skipped twice
async fn twice(pool: &(), id: u64) -> u64 {
    let () = pool;
    id
}

#[cached(key = "user:{id}", skip(self))] //~ unused skip: there is no argument `self`
async fn no_self(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", skip = pool)] //~ expected the names of arguments: `skip(pool, trace_id)`
async fn with_an_equals_sign(pool: &(), id: u64) -> u64 {
    let () = pool;
    id
}

#[cached(key = "user:{id}", skip("pool"))] //~ expected the names of arguments: `skip(pool, trace_id)`
async fn with_quotes(pool: &(), id: u64) -> u64 {
    let () = pool;
    id
}

fn main() {}
