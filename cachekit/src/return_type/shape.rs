//! The form of a function's return type (value, absence, error), found by the type system.
//!
//! A macro sees names: `ApiResult<User>` may be a `Result`. So the generated code asks the
//! compiler, in two steps, by the rule that an inherent method wins over a trait's: `probe` takes a
//! `Result` off, then `Peel` takes an `Option` off. No step is left at run time; a [`ReturnType`]
//! is a type without a value.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::encoding::codec::cacheable::Cacheable;
use crate::encoding::codec::type_codec::Wire;
use crate::model::deferred_drop::AnyShared;

/// The parts of the value that a function returned.
#[derive(Debug)]
pub enum ReturnParts<V, E> {
    /// A value to store: the one inside `Ok` and `Some`.
    Some(V),
    /// An absence: the function returned `None`, or `Ok(None)`.
    None,
    /// An error: the function returned `Err`.
    Err(E),
}

/// The form of a return type, which can be taken apart and put together again.
pub trait ReturnType: Copy {
    /// The type that the function returns.
    type Ret;
    /// The type of the value that is stored: the one inside `Ok` and `Some`.
    type Value;
    /// The type of the error; [`Infallible`] if the function returns no `Result`.
    type Error;

    /// Takes a returned value apart, into a value, an absence or an error.
    fn split(ret: Self::Ret) -> ReturnParts<Self::Value, Self::Error>;
    /// Borrows the value, the absence or the error in a returned value.
    fn peek(ret: &Self::Ret) -> ReturnParts<&Self::Value, &Self::Error>;
    /// Returns `value` in the function's return type.
    fn some(value: Self::Value) -> Self::Ret;
    /// Returns an absence in the function's return type; `None` if that type has no `Option`.
    fn none() -> Option<Self::Ret>;
    /// Returns `error` in the function's return type.
    fn err(error: Self::Error) -> Self::Ret;
}

macro_rules! return_types {
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

        impl<$($param),+> ReturnType for $name<$($param),+> {
            type Ret = $ret;
            type Value = $value;
            type Error = $error;

            fn split($arg: $ret) -> ReturnParts<$value, $error> {
                $split
            }
            fn peek($arg: &$ret) -> ReturnParts<&$value, &$error> {
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

return_types! {
    /// Form of a return type `T` that is neither a `Result` nor an `Option`: always a value.
    Plain<T>: T => T, Infallible;
        |ret| ReturnParts::Some(ret), ReturnParts::Some(ret), |value| value, None, |error| match error {};
    /// Form of the return type `Option<T>`: a value or an absence.
    Optional<T>: Option<T> => T, Infallible;
        |ret| ret.map_or(ReturnParts::None, ReturnParts::Some),
        ret.as_ref().map_or(ReturnParts::None, ReturnParts::Some), |value| Some(value), Some(None),
        |error| match error {};
    /// Form of the return type `Result<T, E>`: a value or an error. `T` is no `Option`.
    Fallible<T, E>: Result<T, E> => T, E;
        |ret| ret.map_or_else(ReturnParts::Err, ReturnParts::Some),
        ret.as_ref().map_or_else(ReturnParts::Err, ReturnParts::Some), |value| Ok(value), None,
        |error| Err(error);
    /// Form of the return type `Result<Option<T>, E>`: a value, an absence or an error.
    FallibleOptional<T, E>: Result<Option<T>, E> => T, E;
        |ret| match ret {
            Ok(Some(value)) => ReturnParts::Some(value),
            Ok(None) => ReturnParts::None,
            Err(error) => ReturnParts::Err(error),
        },
        match ret {
            Ok(Some(value)) => ReturnParts::Some(value),
            Ok(None) => ReturnParts::None,
            Err(error) => ReturnParts::Err(error),
        },
        |value| Ok(Some(value)), Some(Ok(None)), |error| Err(error);
}

/// A requirement of `none_ttl`, met by return types that have an `Option`.
#[diagnostic::on_unimplemented(
    message = "`none_ttl` is for functions that return an `Option`",
    label = "this function never returns `None`; take `none_ttl` out"
)]
pub trait RequireOption: Sized {
    /// Does nothing. A call compiles only if the return type has an `Option`.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T> RequireOption for ReturnOps<Optional<T>> {}
#[diagnostic::do_not_recommend]
impl<T, E> RequireOption for ReturnOps<FallibleOptional<T, E>> {}

/// A requirement of `stale_if_error`, met by return types that have an error.
#[diagnostic::on_unimplemented(
    message = "`stale_if_error` is for functions that return a `Result`",
    label = "this function never fails; take `stale_if_error` out"
)]
pub trait RequireFallible: Sized {
    /// Does nothing. A call compiles only if the return type has an error.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T, E> RequireFallible for ReturnOps<Fallible<T, E>> {}
#[diagnostic::do_not_recommend]
impl<T, E> RequireFallible for ReturnOps<FallibleOptional<T, E>> {}

/// An error of which every waiter can get a copy, with its type erased.
pub(crate) type SharedError = Arc<dyn Any + Send + Sync>;

/// The functions that share an error of type `E` among waiters.
#[derive(Debug)]
pub struct ErrorSharing<E> {
    /// Returns `true` if an erased error is of type `E`.
    pub(crate) is_error: fn(&(dyn Any + Send + Sync)) -> bool,
    pub(crate) share: fn(&E) -> SharedError,
    pub(crate) copy: fn(&(dyn Any + Send + Sync)) -> Option<E>,
}

/// The functions that make further references to a value of type `V`, which is an `Arc`.
pub struct ValueSharing<V> {
    /// Returns another reference to a value, with the type erased.
    pub(crate) share: fn(&V) -> AnyShared,
    /// Returns another reference to the value in an entry's content, an erased `Option<V>`; `None`
    /// for an absence.
    pub(crate) of_entry: fn(&dyn Any) -> Option<AnyShared>,
    /// Returns an erased reference as a `V`; returns the reference, as `Err`, if it is of another
    /// type.
    pub(crate) back: fn(AnyShared) -> Result<V, AnyShared>,
}

/// A table of the functions that the cache needs for a return type: to share its errors, to weigh,
/// encode and share its values, and to make its timeout error.
pub struct ReturnOps<S: ReturnType> {
    pub(crate) error_sharing: Option<ErrorSharing<S::Error>>,
    pub(crate) weigh: Option<fn(&S::Value) -> usize>,
    pub(crate) wire: Option<Wire>,
    pub(crate) value_sharing: Option<ValueSharing<S::Value>>,
    /// Makes the error for a computation that exceeded its `timeout`; `None` if the function has
    /// none.
    pub(crate) timeout_error: Option<fn(ComputeTimeout) -> S::Error>,
}

impl<S: ReturnType> ReturnOps<S> {
    pub(crate) fn plain() -> Self {
        Self {
            error_sharing: None,
            weigh: None,
            wire: None,
            value_sharing: None,
            timeout_error: None,
        }
    }

    /// Creates the `ReturnOps` of a return type whose value is cached without a macro.
    pub(crate) fn direct() -> Self
    where
        S::Value: Cacheable,
    {
        Self {
            wire: S::Value::__wire(),
            weigh: S::Value::__weigh(),
            ..Self::plain()
        }
    }

    /// Adds the functions that dispatch found: those that share errors, and the one that weighs
    /// values. `None` means that the type does not allow the operation.
    pub fn with(
        self,
        error_sharing: Option<ErrorSharing<S::Error>>,
        weigh: Option<fn(&S::Value) -> usize>,
    ) -> Self {
        Self {
            error_sharing,
            weigh,
            ..self
        }
    }

    /// Adds the functions that make further references to values; `None` if hits clone values.
    #[inline]
    pub fn with_sharing(self, value_sharing: Option<ValueSharing<S::Value>>) -> Self {
        Self {
            value_sharing,
            ..self
        }
    }

    /// Returns the functions that make further references to values; `None` if hits clone values.
    #[inline]
    pub(crate) fn sharing(&self) -> Option<ValueSharing<S::Value>> {
        self.value_sharing
    }

    /// Returns `closure`, with the type of its first parameter fixed to the function's value.
    pub fn after<F: Fn(&S::Value, &mut crate::model::tags::EntryTags)>(self, closure: F) -> F {
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

    /// Returns the codec of values for Redis; `None` if values stay in this process.
    pub(crate) fn wire(&self) -> Option<Wire> {
        self.wire
    }

    /// Returns the number of bytes that `value` points to; 0 if the number is not known.
    pub(crate) fn weigh(&self, value: &S::Value) -> usize
    where
        S::Value: 'static,
    {
        match (self.weigh, self.value_sharing) {
            (Some(weigh), _) => weigh(value),
            (None, Some(sharing)) => {
                let known = crate::return_type::known_size::heap_of_known(value);
                known.saturating_add(size_of_val(&*(sharing.share)(value)))
            }
            (None, None) => crate::return_type::known_size::heap_of_known(value),
        }
    }
}

impl<E> Clone for ErrorSharing<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for ErrorSharing<E> {}
impl<V> Clone for ValueSharing<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V> Copy for ValueSharing<V> {}
impl<V> fmt::Debug for ValueSharing<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ValueSharing")
    }
}
// A derive would require `S::Error: Copy`.
#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "a derive would bound the parameter"
)]
impl<S: ReturnType> Clone for ReturnOps<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: ReturnType> Copy for ReturnOps<S> {}
impl<S: ReturnType> fmt::Debug for ReturnOps<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("shares_errors", &self.error_sharing.is_some())
            .finish_non_exhaustive()
    }
}
