//! Compile errors for a value that a cache cannot keep.
//!
//! At compile time, generated code gets either the functions for the value's return type, or a
//! stand-in for the property that the value lacks. The generated code then requires a trait that
//! only this stand-in lacks. So the error is short, its message is the message that the trait
//! defines, and the compiler reports no further errors.

use std::fmt;
use std::marker::PhantomData;

use crate::return_type::shape::{ReturnOps, ReturnType};

/// A requirement on the value that a cached function returns: memory can keep the value. If the
/// value cannot be cloned or shared by threads, generated code puts this requirement on the
/// stand-in `NotCacheable`, which does not meet it. This causes the compile error.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be cached",
    label = "a cached value must be `Clone + Send + Sync + 'static`",
    note = "it is cloned for every caller and shared by threads; derive `Clone` for it (for Redis also \
            serde's `Serialize` and `Deserialize`), or return `Arc<T>` in its place; if it is another \
            crate's type (`HttpResponse`), cache the function that makes what is in it"
)]
pub trait RequireCacheable {
    /// The type that the function `of` of this trait returns: `Self` for a value that memory can
    /// keep.
    type Checked;
    /// Returns `self` unchanged. A call of this function compiles only if memory can keep the
    /// value.
    fn of(self) -> Self::Checked;
}

/// A requirement on the value that a cached function stores in Redis: serde can encode and decode
/// the value. If serde cannot, generated code puts this requirement on the stand-in
/// `NotSerializable`, which does not meet it. This causes the compile error.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be stored in Redis",
    label = "needs `serde::Serialize` and `serde::Deserialize`",
    note = "derive both for it, or write `tier = memory` to keep it in this process; if it is another \
            crate's type (`axum::Json`), cache the function that makes what is in it"
)]
pub trait RequireSerializable {
    /// The type that the function `of` of this trait returns: `Self` for a value that Redis can
    /// store.
    type Checked;
    /// Returns `self` unchanged. A call of this function compiles only if Redis can store the
    /// value.
    fn of(self) -> Self::Checked;
}

/// A requirement on the value that a cached function stores in Redis: the value is no reference. If
/// the value is a reference, generated code puts this requirement on the stand-in `NotOwned`, which
/// does not meet it. This causes the compile error.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be stored in Redis",
    label = "only what owns its data can be read back",
    note = "return an owned value, as `String` or `Arc<str>` is, or write `tier = memory` to keep it in \
            this process"
)]
pub trait RequireOwned {
    /// The type that the function `of` of this trait returns: `Self` for a value that is no
    /// reference.
    type Checked;
    /// Returns `self` unchanged. A call of this function compiles only if the value is no
    /// reference.
    fn of(self) -> Self::Checked;
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        pub struct $name<V>(PhantomData<fn() -> V>);

        impl<V> $name<V> {
            pub(crate) const fn new() -> Self {
                Self(PhantomData)
            }
        }
        impl<V> fmt::Debug for $name<V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

refusals! {
    /// A stand-in for a function's value that memory cannot keep, because the value cannot be
    /// cloned or shared by threads. A program in which this stand-in is used does not compile.
    NotCacheable
    /// A stand-in for a function's value that cannot be stored in Redis, because serde cannot
    /// encode and decode the value. A program in which this stand-in is used does not compile.
    #[cfg_attr(not(feature = "redis"), expect(unreachable_pub, reason = "nothing gives it"))]
    NotSerializable
    /// A stand-in for a function's value that is a reference, which cannot be decoded from bytes of
    /// Redis. A program in which this stand-in is used does not compile.
    #[cfg_attr(not(feature = "redis"), expect(unreachable_pub, reason = "nothing gives it"))]
    NotOwned
}

macro_rules! passes {
    ($($trait:ident: [$param:ident $(: $bound:ident)?] $ty:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$param $(: $bound)?> $trait for $ty {
            type Checked = Self;

            #[inline]
            fn of(self) -> Self {
                self
            }
        }
    )*};
}

passes! {
    RequireOwned: [S: ReturnType] ReturnOps<S>;
    RequireOwned: [V] NotSerializable<V>;
    RequireOwned: [V] NotCacheable<V>;
    RequireSerializable: [S: ReturnType] ReturnOps<S>;
    RequireSerializable: [V] NotCacheable<V>;
    RequireCacheable: [S: ReturnType] ReturnOps<S>;
}
