//! `soft` stands alone, once, beside what is to be invalidated.

use cachekit::{cached, invalidates, write_through};

#[cached(key = "user:{id}", stale = 60)]
async fn get_user(id: u64) -> u64 {
    id
}

#[invalidates(soft)] //~ say what to invalidate: `get_user(_, id)`, `list_users(..)`, `tags = [..]`
async fn nothing(id: u64) {
    let _ = id;
}

#[invalidates(get_user(id), soft = true)] //~ `soft` takes no value and applies to all that the attribute names: write `soft`
async fn with_a_value(id: u64) {
    let _ = id;
}

#[invalidates(get_user(id), soft, tags = ["users"], soft)] //~ `soft` is given twice; take one away
async fn twice(id: u64) {
    let _ = id;
}

#[write_through(get_user(id), soft)] //~ `write_through` puts the new value in the place of the old one, which is not served any more: take `soft` out
async fn written(id: u64) -> u64 {
    id
}

#[write_through(get_user(id), soft = true)] //~ `write_through` puts the new value in the place of the old one, which is not served any more: take `soft` out
async fn written_with_a_value(id: u64) -> u64 {
    id
}

#[cached(soft = true)] //~ there is no option `soft`; say it where the entry is invalidated: `#[invalidates(.., soft)]`
async fn read(id: u64) -> u64 {
    id
}

#[invalidates(get_user(id), sof)] //~ say which entries: `sof(_, id)` for one
async fn misspelt(id: u64) {
    let _ = id;
}

fn main() {}
