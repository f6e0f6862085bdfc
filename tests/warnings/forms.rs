//! Every form of a free function.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;

use cachekit::cached;

/// A point.
#[derive(Debug, Clone, Copy, cachekit::CacheKey)]
pub struct Point {
    /// To the right.
    pub x: u64,
    /// Up.
    pub y: u64,
}

/// Cannot be in a key.
#[derive(Debug)]
pub struct Context;

/// Borrowed, moved, `mut`, raw and unused arguments.
///
/// # Errors
///
/// If there is no text.
#[cached(key = "{text}:{list}:{count}:{r#type}", skip(map, _unused))]
pub async fn arguments(
    _context: &Context,
    text: &str,
    list: Vec<u64>,
    mut count: u64,
    r#type: Option<&str>,
    map: &mut BTreeMap<u64, u64>,
    _unused: u8,
) -> Result<Vec<u64>, std::fmt::Error> {
    count += 1;
    let _ = map.insert(count, r#type.map_or(0, str::len) as u64);
    if text.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(list)
}

/// Arguments that the body does not look at.
#[cached(key = "{id}:{name}")]
pub async fn unused(id: u64, name: String) -> u64 {
    1
}

/// A body that ends by `return`, and one that never ends.
#[cached(key = "returns:{id}")]
pub async fn returns(id: u64) -> Option<u64> {
    if id > 1 {
        return Some(id);
    }
    let less = id.checked_sub(1)?;
    (less > 0).then_some(less)
}

/// Generics.
#[cached(key = "{id}:{T::X}", skip(U, more, less), tier = memory)]
pub async fn generic<'a, T, U: Clone, const N: usize>(id: u64, more: &'a U, less: &'a T) -> [u64; N]
where
    T: Named + Display,
{
    let _: (&U, &T) = (more, less);
    [id; N]
}

/// Has a name.
pub trait Named {
    /// It.
    const X: &'static str;
}

/// `impl Trait` arguments.
#[cached(key = "{name.as_ref()}:{other}")]
pub async fn anything(name: impl AsRef<str>, other: &impl Display) -> Arc<str> {
    format!("{}{other}", name.as_ref()).into()
}

/// Patterns.
#[cached(key = "{a}:{x}:{first}", skip(b, second, y), tags = ["{b}:{ret}"])]
pub async fn patterns(
    (a, mut b): (u64, u64),
    Point { x, y }: Point,
    &[first, second]: &[u64; 2],
    _: &Context,
) -> u64 {
    b += 1;
    a + b + x + y + first + second
}

/// Patterns without a key.
#[cached]
pub async fn whole_patterns((a, _): (u64, u64), Point { x, .. }: &Point) -> u64 {
    a + x
}

/// A future.
#[cached(key = "future:{id}")]
pub fn future(id: u64) -> impl Future<Output = u64> + Send {
    let double = id * 2;
    async move { double }
}

/// A boxed future.
#[cached(key = "boxed:{id}")]
pub fn boxed(
    id: &str,
) -> Pin<Box<dyn Future<Output = Result<u64, std::num::ParseIntError>> + Send + '_>> {
    Box::pin(async move { id.parse::<u64>() })
}

/// At once.
///
/// # Errors
///
/// If it is no number.
#[cached(key = "sync:{text}", tier = memory)]
pub fn at_once(text: &str) -> Result<u64, std::num::ParseIntError> {
    let number: u64 = text.parse()?;
    Ok(number)
}

/// Other attributes.
#[must_use]
#[inline]
#[cached(key = "attributes:{id}")]
#[tracing::instrument]
#[deprecated(note = "this is how it looks")]
pub async fn attributes(id: u64) -> u64 {
    id
}

#[cached(key = "private:{id}")]
async fn private(id: u64) -> u64 {
    #[cached(key = "inner:{id}")]
    async fn inner(id: u64) -> u64 {
        id
    }
    inner(id).await
}

/// In a module of its own.
pub mod inside {
    use cachekit::cached;

    /// For the crate.
    #[cached(key = "crate:{id}")]
    pub(crate) async fn for_the_crate(id: u64) -> u64 {
        id
    }

    /// For the module above.
    #[cached(key = "super:{id}")]
    pub(super) async fn for_the_module_above(id: u64) -> u64 {
        id
    }
}

/// Uses what is not for everyone.
pub async fn all() {
    let _ = private(1).await;
    let _ = inside::for_the_crate(1).await;
    let _ = inside::for_the_module_above(1).await;
}
