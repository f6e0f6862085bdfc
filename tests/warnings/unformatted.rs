//! Bodies on one line, as a formatter leaves some and a person writes others.

use std::pin::Pin;
use std::sync::Arc;

use cachekit::{Shared, cached, invalidates, write_through};

/// At once.
#[cached(key = "one:{n}", tier = memory)]
pub fn one(n: u64) -> u64 { n + 1 }

/// Without arguments.
#[cached(tier = memory)]
pub fn without() -> u64 { 1 }

/// A call.
#[cached(key = "call:{text}", tier = memory)]
pub fn call(text: &str) -> String { text.to_owned() }

/// A macro.
#[cached(key = "macro:{n}", tier = memory)]
pub fn by_macro(n: u64) -> String { format!("{n}") }

/// A struct.
#[cached(key = "struct:{n}", tier = memory)]
pub fn point(n: u64) -> Point { Point { x: n } }

/// A condition.
#[cached(key = "if:{n}", tier = memory)]
pub fn condition(n: u64) -> Option<u64> { if n > 1 { Some(n) } else { None } }

/// A choice.
#[cached(key = "match:{n}", tier = memory)]
pub fn choice(n: u64) -> u64 { match n { 1 => 2, n => n } }

/// A question mark.
///
/// # Errors
///
/// If it is no number.
#[cached(key = "question:{text}", tier = memory)]
pub fn question(text: &str) -> Result<u64, std::num::ParseIntError> { Ok(text.parse::<u64>()? + 1) }

/// Statements.
#[cached(key = "statements:{n}", tier = memory)]
pub fn statements(mut n: u64) -> u64 { n += 1; n }

/// A return.
#[cached(key = "return:{n}", tier = memory)]
pub fn returns(n: u64) -> u64 { if n > 1 { return 1; } n }

/// Nothing.
#[cached(key = "nothing:{n}", tier = memory)]
pub fn nothing(n: u64) { let _ = n; }

/// A pattern.
#[cached(key = "pattern:{a}:{b}", tier = memory)]
pub fn pattern((a, b): (u64, u64)) -> u64 { a + b }

/// A type parameter.
#[cached(key = "generic:{n}", tier = memory)]
pub fn generic<T: Into<u64> + std::fmt::Display>(n: T) -> u64 { n.into() }

/// Later.
#[cached(key = "later:{n}")]
pub async fn later(n: u64) -> u64 { std::future::ready(n + 1).await }

/// Old values too.
#[cached(key = "stale:{text}", stale = 60)]
pub async fn stale(text: &str) -> String { std::future::ready(text.to_owned()).await }

/// A future.
#[cached(key = "future:{n}")]
pub fn future(n: u64) -> impl Future<Output = u64> + Send { async move { n + 1 } }

/// A boxed one.
#[cached(key = "boxed:{n}")]
pub fn boxed(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> { Box::pin(async move { n + 1 }) }

/// A point.
#[derive(Debug, Clone)]
pub struct Point {
    /// To the right.
    pub x: u64,
}

/// Methods.
#[derive(Debug, Clone)]
pub struct Repo;

impl Shared for Repo {}

impl Repo {
    /// At once.
    #[cached(key = "method:{n}", tier = memory)]
    pub fn method(&self, n: u64) -> u64 { n + 1 }

    /// By the whole of it.
    #[cached(key = "of-arc:{n}", tier = memory)]
    pub fn of_arc(self: Arc<Self>, n: u64) -> u64 { n + 1 }

    /// Without a receiver.
    #[cached(key = "associated:{n}", tier = memory, companion = false)]
    pub fn associated(n: u64) -> u64 { n + 1 }

    /// Later.
    #[cached(key = "method-later:{n}")]
    pub async fn later(&self, n: u64) -> u64 { std::future::ready(n).await }

    /// Invalidates.
    #[invalidates(self.method(n))]
    pub fn forget(&self, n: u64) -> u64 { n + 1 }

    /// Invalidates later.
    #[invalidates(self.method(n))]
    pub async fn forget_later(&self, n: u64) -> u64 { std::future::ready(n).await }

    /// Writes.
    #[write_through(self.method(n))]
    pub fn write(&self, n: u64) -> u64 { n + 1 }
}

/// A trait.
pub trait Read {
    /// At once.
    fn read(&self, n: u64) -> u64;
    /// Later.
    fn read_later(&self, n: u64) -> impl Future<Output = u64> + Send;
    /// Provided.
    #[cached(key = "provided:{n}", tier = memory, skip(self))]
    fn provided(&self, n: u64) -> u64 { n + 1 }
    /// Changes.
    fn change(&self, n: u64) -> u64;
}

impl Read for Repo {
    #[cached(key = "read:{n}", tier = memory)]
    fn read(&self, n: u64) -> u64 { n + 1 }

    #[cached(key = "read-later:{n}")]
    async fn read_later(&self, n: u64) -> u64 { std::future::ready(n).await }

    #[invalidates(key = "read:{n}")]
    fn change(&self, n: u64) -> u64 { n + 1 }
}

/// A trait with boxed futures.
#[async_trait::async_trait]
pub trait Fetch {
    /// Later.
    async fn fetch(&self, n: u64) -> u64;
}

#[async_trait::async_trait]
impl Fetch for Repo {
    #[cached(key = "fetch:{n}")]
    async fn fetch(&self, n: u64) -> u64 { std::future::ready(n).await }
}

/// Invalidates.
#[invalidates(one(n), tags = ["ones"])]
pub fn forget(n: u64) -> u64 { n + 1 }

/// Invalidates nothing of its arguments.
#[invalidates(without())]
pub fn forget_all() -> u64 { 1 }

/// Invalidates later.
#[invalidates(one(n), if = *ret > 1)]
pub async fn forget_later(n: u64) -> u64 { std::future::ready(n).await }

/// Writes.
#[write_through(one(n))]
pub fn write(n: u64) -> u64 { n + 1 }

/// Writes what it is told.
#[write_through(one(n), value = ret.x, order_by = ret.x)]
pub fn write_value(n: u64) -> Point { Point { x: n } }

/// Writes later.
#[write_through(one(n))]
pub async fn write_later(n: u64) -> u64 { std::future::ready(n).await }
