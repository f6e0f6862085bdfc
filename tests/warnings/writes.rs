//! Every option of `#[invalidates]` and `#[write_through]`.

use std::sync::LazyLock;

use cachekit::{Cache, cached, invalidates, write_through};

use super::forms::{Context, Point, at_once, patterns};
use super::options::{Found, maybe};

static CACHE: LazyLock<Cache> = LazyLock::new(cachekit::global);

/// A target.
#[cached(key = "target:{id}:{name}")]
pub async fn target(_context: &Context, id: u64, name: &str) -> u64 {
    id + name.len() as u64
}

/// Every option.
///
/// # Errors
///
/// Never.
#[invalidates(
    target(_, id, &name),
    target(_, ret.id, "x"),
    super::options::nothing(..),
    maybe(id),
    patterns((1, id), Point { x: 1, y: 2 }, &[1, 2], _),
    key = "key:{id}:{ret.id}",
    keys = ["key:{name}", format!("{}", id + 1), ..ret.groups.iter()],
    tags = ["tag", "tag:{id}", ..[id, ret.id]],
    events = ["changed", "changed.{name}"],
    on = ok,
    if = id > 0 && ret.id > 0,
    cache = CACHE,
    crate = ::cachekit
)]
pub async fn every(id: u64, name: String) -> Result<Found, std::fmt::Error> {
    drop(name);
    Ok(Found { id, groups: vec![] })
}

/// Always.
///
/// # Errors
///
/// Never.
#[invalidates(target(_, id, "x"), on = always)]
pub async fn always(id: u64) -> Result<u64, std::fmt::Error> {
    if id == 0 {
        return Err(std::fmt::Error);
    }
    Ok(id)
}

/// Before and after.
#[invalidates(target(..), on = before)]
pub async fn before() {}

/// At once.
#[invalidates(at_once(text))]
pub fn sync(text: &str) {
    drop(text.to_owned());
}

/// A future, with a pattern.
#[invalidates(target(_, *a, "x"))]
pub fn future((a, _b): (u64, u64), _: &Context) -> impl Future<Output = u64> {
    async move { a }
}

/// As it is returned.
///
/// # Errors
///
/// Never.
#[write_through(target(_, id, "x"))]
pub async fn store(id: u64) -> Result<u64, std::fmt::Error> {
    Ok(id)
}

/// At once, and twice.
#[write_through(at_once(text))]
#[invalidates(target(_, 1, text))]
pub fn store_at_once(text: &str) -> u64 {
    text.len() as u64
}
