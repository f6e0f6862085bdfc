//! What a function's return type means to the cache, decided by the type system.
//!
//! A macro sees words: `ApiResult<User>` may be a `Result`. So the generated code asks the
//! compiler, in two steps, by the rule that an inherent method wins over a trait's:
//! [`probe`] peels a `Result` off, then [`Peel`] an `Option`. Nothing of this is left at
//! run time; a [`Shape`] is a type without a value.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A returned value, taken apart.
#[derive(Debug)]
pub enum Split<V, E> {
    /// Something to store.
    Some(V),
    /// Nothing, where the type is an `Option`.
    None,
    /// Never stored.
    Err(E),
}

/// How a return type is taken apart and put together again.
pub trait Shape: Copy {
    /// The function's return type.
    type Ret;
    /// What is stored: inside `Ok`, inside `Some`.
    type Value;
    /// The error; [`Infallible`] where there is none.
    type Error;

    /// Takes a returned value apart.
    fn split(ret: Self::Ret) -> Split<Self::Value, Self::Error>;
    /// Looks at a returned value's parts.
    fn peek(ret: &Self::Ret) -> Split<&Self::Value, &Self::Error>;
    /// What a function returns for a value.
    fn some(value: Self::Value) -> Self::Ret;
    /// What it returns for an absence, if it can.
    fn none() -> Option<Self::Ret>;
    /// What it returns for an error.
    fn err(error: Self::Error) -> Self::Ret;
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident<$($param:ident),+>: $ret:ty => $value:ty, $error:ty;
       |$arg:ident| $split:expr, $peek:expr, |$v:ident| $some:expr, $none:expr, |$e:ident| $err:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name<$($param),+>(PhantomData<fn() -> ($($param,)+)>);

        impl<$($param),+> Clone for $name<$($param),+> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<$($param),+> Copy for $name<$($param),+> {}
        impl<$($param),+> fmt::Debug for $name<$($param),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl<$($param),+> Shape for $name<$($param),+> {
            type Ret = $ret;
            type Value = $value;
            type Error = $error;

            fn split($arg: $ret) -> Split<$value, $error> {
                $split
            }
            fn peek($arg: &$ret) -> Split<&$value, &$error> {
                $peek
            }
            fn some($v: $value) -> $ret {
                $some
            }
            fn none() -> Option<$ret> {
                $none
            }
            fn err($e: $error) -> $ret {
                $err
            }
        }
    )*};
}

shapes! {
    /// `T`.
    Plain<T>: T => T, Infallible;
        |ret| Split::Some(ret), Split::Some(ret), |value| value, None, |error| match error {};
    /// `Option<T>`.
    Optional<T>: Option<T> => T, Infallible;
        |ret| ret.map_or(Split::None, Split::Some),
        ret.as_ref().map_or(Split::None, Split::Some), |value| Some(value), Some(None),
        |error| match error {};
    /// `Result<T, E>`.
    Fallible<T, E>: Result<T, E> => T, E;
        |ret| ret.map_or_else(Split::Err, Split::Some),
        ret.as_ref().map_or_else(Split::Err, Split::Some), |value| Ok(value), None,
        |error| Err(error);
    /// `Result<Option<T>, E>`.
    FallibleOptional<T, E>: Result<Option<T>, E> => T, E;
        |ret| match ret {
            Ok(Some(value)) => Split::Some(value),
            Ok(None) => Split::None,
            Err(error) => Split::Err(error),
        },
        match ret {
            Ok(Some(value)) => Split::Some(value),
            Ok(None) => Split::None,
            Err(error) => Split::Err(error),
        },
        |value| Ok(Some(value)), Some(Ok(None)), |error| Err(error);
}

/// An error that any number of waiters may have a copy of.
pub(crate) type SharedError = Arc<dyn Any + Send + Sync>;

/// How an error of type `E` is shared.
#[derive(Debug)]
pub struct ErrorSharing<E> {
    pub(crate) share: fn(&E) -> SharedError,
    pub(crate) copy: fn(&(dyn Any + Send + Sync)) -> Option<E>,
}

/// A shape with what else the compiler knows about its types.
pub struct Plan<S: Shape> {
    error_sharing: Option<ErrorSharing<S::Error>>,
    weigh: fn(&S::Value) -> usize,
}

impl<S: Shape> Plan<S> {
    pub(crate) fn plain() -> Self {
        Self {
            error_sharing: None,
            weigh: |_| 0,
        }
    }

    /// Adds what autoref dispatch found out.
    pub fn with(
        self,
        error_sharing: Option<ErrorSharing<S::Error>>,
        weigh: fn(&S::Value) -> usize,
    ) -> Self {
        Self {
            error_sharing,
            weigh,
        }
    }

    /// `closure`, with the type of `ret` fixed.
    pub fn after<F: Fn(&S::Value, &mut crate::labels::Labels)>(self, closure: F) -> F {
        closure
    }

    pub(crate) fn share(&self, error: &S::Error) -> Option<SharedError> {
        self.error_sharing
            .as_ref()
            .map(|sharing| (sharing.share)(error))
    }

    pub(crate) fn copy(&self, error: &SharedError) -> Option<S::Error> {
        self.error_sharing
            .as_ref()
            .and_then(|sharing| (sharing.copy)(&**error))
    }

    /// The bytes that `value` points to, as far as they are known.
    pub(crate) fn weigh(&self, value: &S::Value) -> usize {
        (self.weigh)(value)
    }
}

impl<E> Clone for ErrorSharing<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for ErrorSharing<E> {}
// Derived, they would ask for `S::Error: Copy`.
#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "a derive would bound the parameter"
)]
impl<S: Shape> Clone for Plan<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Shape> Copy for Plan<S> {}
impl<S: Shape> fmt::Debug for Plan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("shares_errors", &self.error_sharing.is_some())
            .finish_non_exhaustive()
    }
}

/// First step: is `R` a `Result`?
#[derive(Debug)]
pub struct Probe<R>(PhantomData<fn() -> R>);

/// Second step: is `T`, of `R` without its error, an `Option`?
#[derive(Debug)]
pub struct Peel<R, T, E>(PhantomData<(R, T, E)>);

/// Begins to ask about `R`.
pub const fn probe<R>() -> Probe<R> {
    Probe(PhantomData)
}

impl<T, E> Probe<Result<T, E>> {
    /// It is.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub const fn peel(self) -> Peel<Result<T, E>, T, E> {
        Peel(PhantomData)
    }
}

/// It is not.
pub trait PeelAny<R>: Sized {
    /// Nothing to peel off.
    fn peel(self) -> Peel<R, R, Infallible> {
        Peel(PhantomData)
    }
}
impl<R> PeelAny<R> for Probe<R> {}

impl<V, E> Peel<Result<Option<V>, E>, Option<V>, E> {
    /// `Result<Option<V>, E>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn plan(self) -> Plan<FallibleOptional<V, E>> {
        Plan::plain()
    }
}

impl<V> Peel<Option<V>, Option<V>, Infallible> {
    /// `Option<V>`.
    #[expect(clippy::unused_self, reason = "dispatch looks at the receiver's type")]
    pub fn plan(self) -> Plan<Optional<V>> {
        Plan::plain()
    }
}

/// Not an `Option`.
pub trait PlanAny: Sized {
    /// What it is then.
    type Shape: Shape;
    /// The plan for it.
    fn plan(self) -> Plan<Self::Shape> {
        Plan::plain()
    }
}
impl<T, E> PlanAny for Peel<Result<T, E>, T, E> {
    type Shape = Fallible<T, E>;
}
#[expect(
    clippy::mismatching_type_param_order,
    reason = "nothing was peeled: both are `T`"
)]
impl<T> PlanAny for Peel<T, T, Infallible> {
    type Shape = Plain<T>;
}

/// A value that cannot be kept.
pub struct Unkept<V>(PhantomData<fn() -> V>);

impl<V> fmt::Debug for Unkept<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unkept")
    }
}

/// Never implemented for an [`Unkept`]: the error that this makes is the message.
#[diagnostic::on_unimplemented(
    message = "the value that this function returns cannot be cached",
    label = "a cached value must be `Clone + Send + Sync + 'static`",
    note = "it is cloned for every caller and shared by threads; derive `Clone` for it, or return \
            `Arc<T>` in its place"
)]
pub trait Keep {}

/// The shape of a value that cannot be kept: it stands in for the real one, so that the
/// mistake is told once. A program with it does not compile.
#[derive(Debug)]
pub struct Hollow<S>(PhantomData<fn() -> S>);

impl<S> Clone for Hollow<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Hollow<S> {}

impl<S: Shape> Shape for Hollow<S> {
    type Ret = S::Ret;
    type Value = Infallible;
    type Error = S::Error;

    fn split(ret: S::Ret) -> Split<Infallible, S::Error> {
        match S::split(ret) {
            Split::Some(_) | Split::None => Split::None,
            Split::Err(error) => Split::Err(error),
        }
    }
    fn peek(_: &S::Ret) -> Split<&Infallible, &S::Error> {
        Split::None
    }
    fn some(value: Infallible) -> S::Ret {
        match value {}
    }
    fn none() -> Option<S::Ret> {
        S::none()
    }
    fn err(error: S::Error) -> S::Ret {
        S::err(error)
    }
}

/// It can be kept.
pub trait Keepable<S: Shape> {
    /// Its plan.
    fn __cachekit_keep(&self) -> Plan<S>;
}
impl<S: Shape> Keepable<S> for &Plan<S>
where
    S::Value: Clone + Send + Sync + 'static,
{
    fn __cachekit_keep(&self) -> Plan<S> {
        **self
    }
}

/// It cannot.
pub trait NotKeepable<S: Shape> {
    /// Says so: the bound is never met.
    fn __cachekit_keep(&self) -> Plan<Hollow<S>>
    where
        Unkept<S::Value>: Keep;
}
impl<S: Shape> NotKeepable<S> for Plan<S> {
    fn __cachekit_keep(&self) -> Plan<Hollow<S>>
    where
        Unkept<S::Value>: Keep,
    {
        Plan::plain()
    }
}

/// The error can be cloned for every waiter.
pub trait ErrorIsShared<E> {
    /// How.
    fn error_sharing(&self) -> Option<ErrorSharing<E>>;
}
impl<S: Shape> ErrorIsShared<S::Error> for &Plan<S>
where
    S::Error: Clone + Send + Sync + 'static,
{
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        Some(ErrorSharing {
            share: |error| Arc::new(error.clone()),
            copy: |any| any.downcast_ref::<S::Error>().cloned(),
        })
    }
}

/// It cannot.
pub trait ErrorIsOwned<E> {
    /// There is no way.
    fn error_sharing(&self) -> Option<ErrorSharing<E>>;
}
impl<S: Shape> ErrorIsOwned<S::Error> for Plan<S> {
    fn error_sharing(&self) -> Option<ErrorSharing<S::Error>> {
        None
    }
}

/// The value can be serialised, so its encoded size tells about what it weighs.
#[cfg(feature = "serde")]
pub trait WeighEncoded<V> {
    /// How to weigh it.
    fn weigher(&self) -> fn(&V) -> usize;
}
#[cfg(feature = "serde")]
impl<S: Shape> WeighEncoded<S::Value> for &Plan<S>
where
    S::Value: serde::Serialize,
{
    fn weigher(&self) -> fn(&S::Value) -> usize {
        |value| {
            let mut size = bincode::enc::write::SizeWriter::default();
            let config = bincode::config::standard();
            // A value that cannot be encoded still counts for its own size.
            match bincode::serde::encode_into_writer(value, &mut size, config) {
                Ok(()) | Err(_) => size.bytes_written,
            }
        }
    }
}

/// It cannot be serialised: only the size of its type is known.
pub trait WeighNothing<V> {
    /// How to weigh it.
    fn weigher(&self) -> fn(&V) -> usize;
}
impl<S: Shape> WeighNothing<S::Value> for Plan<S> {
    fn weigher(&self) -> fn(&S::Value) -> usize {
        |_| 0
    }
}
