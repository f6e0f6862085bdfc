//! Generated code names everything by its full path: nothing of the prelude is in scope.

#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]

use ::cachekit::{CacheKey, cached, invalidates, write_through};

#[derive(CacheKey)]
pub struct Request {
    pub page: u32,
    pub words: ::std::vec::Vec<::std::string::String>,
}

#[derive(CacheKey)]
pub enum Sort {
    Newest,
    Price(bool),
}

#[derive(::std::fmt::Debug)]
pub struct Error;

#[cached(
    key = "user:{id}:{req}",
    ttl = ::std::time::Duration::from_secs(id),
    tags = ["users", "user:{id}", "id:{ret}"],
    events = ["user.changed"],
    when = id > 0,
    store_if = *ret > 0,
    none_ttl = 30,
    jitter = 0.1,
)]
async fn get_user(
    id: u64,
    req: &Request,
) -> ::std::result::Result<::std::option::Option<u64>, Error> {
    let _ = req.page;
    ::std::result::Result::Ok(::std::option::Option::Some(id))
}

#[cached]
async fn sorted(sort: Sort) -> bool {
    ::std::matches!(sort, Sort::Newest)
}

pub struct Repo;

impl ::cachekit::Shared for Repo {}

impl Repo {
    #[cached]
    pub async fn get(&self, id: u64) -> u64 {
        id
    }

    #[invalidates(self.get(id), tags = ["users"])]
    pub async fn set(&self, id: u64) {
        let _ = id;
    }
}

#[invalidates(get_user(id, req), key = "user:{id}", tags = ["id:{ret}"], if = *ret > 0)]
async fn rename_user(id: u64, req: &Request) -> u64 {
    let _ = req;
    id
}

#[write_through(sorted(Sort::Price(flag)), value = *ret)]
async fn save(flag: bool) -> bool {
    flag
}

fn main() {}
