//! What stands in a key must be writable.

use cachekit::cached;

pub struct Pool;

pub struct Request {
    pub page: u32,
}

#[cached]
async fn default_key(pool: &Pool, id: u64) -> u64 { //~ `Pool` cannot be part of a key
    let _ = pool;
    id
}

#[cached(key = "page:{req}")] //~ `Request` cannot be part of a key
async fn named(req: Request) -> u32 {
    req.page
}

#[cached(key = "page:{req}")] //~ `Request` cannot be part of a key
async fn named_behind_a_reference(req: &Request) -> u32 {
    req.page
}

#[cached(key = "pages:{reqs}")] //~ `Request` cannot be part of a key
async fn in_a_list(reqs: Vec<Request>) -> usize {
    reqs.len()
}

#[cached(key = "page:{req}")] //~ `Request` cannot be part of a key
async fn optional(req: Option<Request>) -> bool {
    req.is_some()
}

#[cached]
async fn deep(reqs: std::collections::HashMap<String, Vec<(u8, Request)>>) -> usize { //~ `Request` cannot be part of a key
    reqs.len()
}

type Pair = (u8, std::fmt::Error);
type Long = (Pair, Pair, Pair, Pair, Pair, Pair, Pair, Pair);

#[cached]
async fn too_many(long: Long) -> u8 { //~ too many types are in
    long.0.0
}

#[cached(key = "any:{value}")] //~ `T` cannot be part of a key
async fn generic<T: Send>(value: T) -> u8 {
    let _ = value;
    0
}

#[cached(key = "all", tier = memory, tags = ["page:{req}"], skip(req))] //~ `Request` cannot be part of a key //~ `Request` cannot be part of a key
async fn in_a_tag(req: Request) -> u32 {
    req.page
}

#[cached(key = "all", tier = memory, tags = ["page:{ret}"])] //~ `Request` cannot be part of a key
async fn in_a_tag_of_ret() -> std::sync::Arc<Request> {
    std::sync::Arc::new(Request { page: 1 })
}

#[cached(key = "page:{req.pge}")] //~ no field `pge` on type `Request` //~ no field `pge` on type `&Request`
async fn no_such_field(req: Request) -> u32 {
    req.page
}

fn main() {}
