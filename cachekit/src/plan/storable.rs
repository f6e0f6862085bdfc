//! Whether a value can cross to Redis, and the words for one that cannot.

use std::fmt;
use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use super::{Plan, Shape};
use crate::codec::Wire;

/// A value that cannot cross.
pub struct Unstored<V>(PhantomData<fn() -> V>);

impl<V> fmt::Debug for Unstored<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unstored")
    }
}

/// Never implemented for an [`Unstored`]: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be stored in Redis",
    label = "needs `serde::Serialize` and `serde::Deserialize`",
    note = "derive both for it, or write `tier = memory` to keep it in this process"
)]
pub trait Store {}

/// The same for a reference.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be stored in Redis",
    label = "only what owns its data can be read back",
    note = "return an owned value, as `String` or `Arc<str>` is, or write `tier = memory` to keep it in \
            this process"
)]
pub trait Own {}

/// What no bytes can be read back as, though serde has an implementation for one lifetime,
/// and which one it is does not count when an implementation is chosen.
pub trait Reference {}
impl<T: ?Sized> Reference for &T {}

/// It is a reference.
pub trait NotOwned<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_keep(&self) -> Plan<S>
    where
        Unstored<S::Value>: Own;
}
impl<S: Shape> NotOwned<S> for &&&Plan<S>
where
    S::Value: Reference,
{
    fn __cachekit_keep(&self) -> Plan<S>
    where
        Unstored<S::Value>: Own,
    {
        ****self
    }
}

/// It can be kept, and stored in Redis.
pub trait Storable<S: Shape> {
    /// Its plan.
    fn __cachekit_keep(&self) -> Plan<S>;
}
impl<S: Shape> Storable<S> for &&Plan<S>
where
    S::Value: Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    fn __cachekit_keep(&self) -> Plan<S> {
        Plan {
            wire: Some(Wire::serde::<S::Value>()),
            ..***self
        }
    }
}

/// It can be kept, but not stored there.
pub trait NotStorable<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_keep(&self) -> Plan<S>
    where
        Unstored<S::Value>: Store;
}
impl<S: Shape> NotStorable<S> for &Plan<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> Plan<S>
    where
        Unstored<S::Value>: Store,
    {
        **self
    }
}
