//! Values that can be cached without a macro.

use crate::encoding::codec::type_codec::Wire;

/// A value that can be cached without a macro: with [`Cache::put`](crate::Cache::put),
/// [`Cache::get_or_compute`](crate::Cache::get_or_compute) and in a
/// [`Region`](crate::Region).
///
/// The trait is implemented for every type that is `Clone + Send + Sync + 'static` and, in builds
/// with the feature `redis`, `serde::Serialize` and `serde::Deserialize`.
#[cfg_attr(
    feature = "redis",
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be cached",
        label = "needs `Clone + Send + Sync + 'static`, `serde::Serialize` and `serde::Deserialize`",
        note = "derive what is missing; `serde` is for Redis, and not asked for without the feature `redis`"
    )
)]
#[cfg_attr(
    not(feature = "redis"),
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be cached",
        label = "needs `Clone + Send + Sync + 'static`"
    )
)]
pub trait Cacheable: Clone + Send + Sync + 'static {
    /// Returns the functions that encode and decode values of this type for Redis, or `None` if
    /// values of this type cannot be stored in Redis.
    #[doc(hidden)]
    fn __wire() -> Option<Wire>;

    /// Returns a function that estimates the bytes that a value of this type takes in memory in
    /// addition to the size of the type. Returns `None` in a build without serde.
    #[doc(hidden)]
    fn __weigh() -> Option<fn(&Self) -> usize>;
}

#[cfg(feature = "redis")]
impl<T> Cacheable for T
where
    T: Clone + Send + Sync + 'static + serde::Serialize + serde::de::DeserializeOwned,
{
    fn __wire() -> Option<Wire> {
        Some(Wire::serde::<Self>())
    }

    fn __weigh() -> Option<fn(&Self) -> usize> {
        Some(crate::encoding::codec::weight::heap)
    }
}

#[cfg(not(feature = "redis"))]
impl<T: Clone + Send + Sync + 'static> Cacheable for T {
    fn __wire() -> Option<Wire> {
        None
    }

    fn __weigh() -> Option<fn(&Self) -> usize> {
        None
    }
}
