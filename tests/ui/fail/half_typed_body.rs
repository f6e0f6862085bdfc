//! Half-typed code: the compiler reports it as without an attribute, and the function exists in
//! spite of it.

use cachekit::{cached, invalidates, write_through};

#[cached]
async fn half_typed(id: u64) -> u64 {
    id.
} //~ unexpected token: `}`

#[invalidates(tags = ["users"])]
async fn half_typed_write(id: u64) -> u64 {
    match id
} //~ expected one of

#[write_through(half_typed(id))]
async fn half_typed_write_through(id: u64) -> u64 {
    if id == 0 { return 1 } else
} //~ expected `{`

async fn caller() -> u64 {
    half_typed(7).await + half_typed_write(7).await + half_typed_write_through(7).await
}

fn main() {
    let _ = caller();
}
