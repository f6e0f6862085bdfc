//! A hit does not run the body, so it cannot change what an argument refers to.

use cachekit::cached;

#[cached(key = "list:{id}:{list}")]
async fn in_key(id: u64, list: &mut Vec<u64>) -> u64 { //~ a hit would not change `list`; take it by `&`, or leave it out with `skip(list)`
    list.push(id);
    id
}

#[cached]
async fn in_default_key(count: &mut u64) -> u64 { //~ a hit would not change `count`; take it by `&`, or leave it out with `skip(count)`
    *count += 1;
    *count
}

#[cached(key = "skipped:{id}", skip(connection))]
async fn skipped(connection: &mut Vec<u64>, id: u64) -> u64 {
    connection.push(id);
    id
}

fn main() {}
