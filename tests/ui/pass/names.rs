//! Names that generated code must not trip over.

#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]

use cachekit::{cached, invalidates, write_through};

mod core {}
mod std {}
mod alloc {}

pub type Result<T> = ::std::result::Result<T, Error>;
pub struct Option;
pub struct Some;
pub struct None;
pub struct Ok;
pub struct Err;
pub struct String;
pub struct Duration;
pub struct Cache;
pub struct Future;
pub trait Clone {}
pub trait Send {}
pub trait Display {}

pub struct Pool;

#[derive(Debug)]
pub struct Error;

#[cached(key = "a:{key}:{result}:{value}:{cache}")]
async fn words(key: u64, result: u64, value: u64, cache: u64) -> Result<u64> {
    ::std::result::Result::Ok(key + result + value + cache)
}

#[cached(tags = ["plan:{plan}"], when = spec < 10)]
async fn other_words(plan: u64, spec: u64, miss: u64, hit: u64, labels: u64, ret: u64) -> u64 {
    plan + spec + miss + hit + labels + ret
}

#[cached(key = "kind:{r#type}:{r#match}")]
async fn raw(r#type: u64, r#match: u64) -> u64 {
    r#type + r#match
}

#[cached(key = "kind:{r#type}")]
async fn r#fn(r#type: u64) -> u64 {
    r#type
}

#[cached]
async fn own_name(own_name: u64) -> u64 {
    own_name
}

#[cached(key = "x:{__plan}:{__key}:{__cache}")]
async fn underscores(__plan: u64, __key: u64, __cache: u64, _: &Pool) -> u64 {
    __plan + __key + __cache
}

#[invalidates(words(key, key, key, inv), r#fn(inv))]
async fn write(key: u64, inv: u64, plan: u64, ret: u64) -> u64 {
    key + inv + plan + ret
}

#[write_through(own_name(entry), value = *ret)]
async fn write_value(entry: u64, plan: u64, value: u64) -> u64 {
    entry + plan + value
}

fn main() {}
