//! Forms of functions, each without a warning.

#![deny(warnings)]
#![allow(dead_code, reason = "only the compiler looks")]
#![deny(clippy::all)]

use std::borrow::Cow;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cachekit::{cached, invalidates, write_through};

#[cached]
async fn nothing() {}

#[cached(tier = memory)]
async fn never_none() -> Option<&'static str> {
    None
}

#[cached]
async fn early_return(id: u64) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    if id == 0 {
        return Err("zero".into());
    }
    let text = std::fs::read_to_string("/")?;
    Ok(text.len() as u64)
}

#[cached]
async fn mutable(mut id: u64) -> u64 {
    id += 1;
    id
}

#[cached(key = "{a}:{b}")]
async fn pattern((a, b): (u64, u64)) -> u64 {
    a + b
}

#[cached]
async fn borrowed(name: &str, other: Cow<'_, str>, list: &[u64]) -> Arc<str> {
    format!("{name}{other}{list:?}").into()
}

#[cached]
async fn generic<T: Display + Sync, const N: usize>(items: &[T; N]) -> String
where
    T: cachekit::CacheKey,
{
    items.iter().map(ToString::to_string).collect()
}

#[cached(key = "all")]
async fn unused(_id: &dyn Fn()) -> u64 {
    1
}

/// With documentation.
#[cached(tier = memory)]
#[must_use]
#[inline]
fn synchronous(id: u64) -> u64 {
    id
}

#[cached]
fn boxed(id: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { id })
}

#[cached]
fn a_future(id: u64) -> impl Future<Output = u64> + Send {
    async move { id }
}

#[invalidates(generic::<u64, 2>(..), borrowed(name, name.into(), &[1][..]), early_return(7))]
fn synchronous_write(name: &str) -> usize {
    name.len()
}

#[write_through(synchronous(id))]
fn synchronous_write_through(id: u64) -> u64 {
    id
}

/// A function in a function.
async fn outer() -> u64 {
    #[cached]
    async fn inner(id: u64) -> u64 {
        id
    }
    inner::invalidate_all().await;
    inner(7).await
}

pub trait Users {
    fn get(&self, id: u64) -> impl Future<Output = u64> + Send;
}

pub struct Sql;

impl cachekit::Shared for Sql {}

impl Users for Sql {
    #[cached]
    async fn get(&self, id: u64) -> u64 {
        id
    }
}

impl Sql {
    #[cached]
    pub async fn owned(self: Arc<Self>, id: u64) -> u64 {
        id
    }
}

fn is_send(_: impl Send) {}

fn main() {
    is_send(early_return(7));
    is_send(borrowed("", "".into(), &[]));
    is_send(outer());
}
