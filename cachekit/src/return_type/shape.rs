//! The form of a function's return type (value, absence, error), found by the type system.
//!
//! A macro sees only names: `ApiResult<User>` may be a `Result`. So the generated code asks the
//! compiler, by the rule that an inherent method is preferred to a method of a trait. In a first
//! step, `probe` removes a `Result`. In a second step, `Peel` removes an `Option`. All steps are at
//! compile time, and a [`ReturnType`] is a type without a value.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::error::ComputeTimeout;
use crate::encoding::codec::cacheable::Cacheable;
use crate::encoding::codec::type_codec::Wire;
use crate::model::deferred_drop::AnyShared;

/// The parts of the value that a function returned: the value to store, an absence, or an error.
#[derive(Debug)]
pub enum ReturnParts<V, E> {
    /// The value to store in the cache, taken out of an `Ok` and a `Some`.
    Some(V),
    /// An absence: the function returned `None` or `Ok(None)`.
    None,
    /// An error: the function returned `Err`.
    Err(E),
}

/// The kind of a function's return type: with or without a `Result`, and with or without an
/// `Option`. The methods take a returned value out of its `Result` and `Option`, or put it in.
pub trait ReturnType: Copy {
    /// The return type of the function, with its `Result` and `Option`.
    type Ret;
    /// The type of the value that is stored in the cache: the type inside of `Result` and `Option`.
    type Value;
    /// The error type of the function; [`Infallible`] if the function returns no `Result`.
    type Error;

    /// Takes a function's returned value apart, into a value to store, an absence, or an error.
    fn split(ret: Self::Ret) -> ReturnParts<Self::Value, Self::Error>;
    /// Borrows the value to store, the absence, or the error in a function's returned value.
    fn peek(ret: &Self::Ret) -> ReturnParts<&Self::Value, &Self::Error>;
    /// Returns the stored value `value` as the function returns it, in `Ok` and `Some` if
    /// necessary.
    fn some(value: Self::Value) -> Self::Ret;
    /// Returns an absence (`None` or `Ok(None)`) as the function returns it. Returns `None` if the
    /// function's return type has no `Option`.
    fn none() -> Option<Self::Ret>;
    /// Returns `error` as the function returns it, as an `Err`.
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
    /// Kind of a return type `T` that is neither a `Result` nor an `Option`: the function always
    /// returns a value to store.
    Plain<T>: T => T, Infallible;
        |ret| ReturnParts::Some(ret), ReturnParts::Some(ret), |value| value, None, |error| match error {};
    /// Kind of the return type `Option<T>`: a value or an absence.
    Optional<T>: Option<T> => T, Infallible;
        |ret| ret.map_or(ReturnParts::None, ReturnParts::Some),
        ret.as_ref().map_or(ReturnParts::None, ReturnParts::Some), |value| Some(value), Some(None),
        |error| match error {};
    /// Kind of the return type `Result<T, E>`, whose `T` is no `Option`: a value or an error.
    Fallible<T, E>: Result<T, E> => T, E;
        |ret| ret.map_or_else(ReturnParts::Err, ReturnParts::Some),
        ret.as_ref().map_or_else(ReturnParts::Err, ReturnParts::Some), |value| Ok(value), None,
        |error| Err(error);
    /// Kind of the return type `Result<Option<T>, E>`: a value, an absence or an error.
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

/// A requirement of the option `none_ttl`, which stores an absence for later calls. Return types
/// that have an `Option` meet the requirement.
#[diagnostic::on_unimplemented(
    message = "`none_ttl` is for functions that return an `Option`",
    label = "this function never returns `None`; take `none_ttl` out"
)]
pub trait RequireOption: Sized {
    /// Does nothing. A call of this function compiles only if the return type has an `Option`.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T> RequireOption for ReturnOps<Optional<T>> {}
#[diagnostic::do_not_recommend]
impl<T, E> RequireOption for ReturnOps<FallibleOptional<T, E>> {}

/// A requirement of the option `stale_if_error`, which serves a stale value if the function fails.
/// Return types that have an error meet the requirement.
#[diagnostic::on_unimplemented(
    message = "`stale_if_error` is for functions that return a `Result`",
    label = "this function never fails; take `stale_if_error` out"
)]
pub trait RequireFallible: Sized {
    /// Does nothing. A call of this function compiles only if the return type has an error.
    fn of(self) {}
}
#[diagnostic::do_not_recommend]
impl<T, E> RequireFallible for ReturnOps<Fallible<T, E>> {}
#[diagnostic::do_not_recommend]
impl<T, E> RequireFallible for ReturnOps<FallibleOptional<T, E>> {}

/// An error of a computation, as a `dyn Any`. Each waiter (a call that waits for the computation)
/// can get a copy of the error.
pub(crate) type SharedError = Arc<dyn Any + Send + Sync>;

/// The functions that give copies of a computation's error, of type `E`, to the calls that wait for
/// the computation.
#[derive(Debug)]
pub struct ErrorSharing<E> {
    /// Returns `true` if an error, given as a `dyn Any`, is of the type `E`.
    pub(crate) is_error: fn(&(dyn Any + Send + Sync)) -> bool,
    pub(crate) share: fn(&E) -> SharedError,
    pub(crate) copy: fn(&(dyn Any + Send + Sync)) -> Option<E>,
}

/// The functions that make further references to a value of type `V`, which is an `Arc`.
pub struct ValueSharing<V> {
    /// Returns another reference to a value, which is an `Arc`, as a `dyn Any`.
    pub(crate) share: fn(&V) -> AnyShared,
    /// Returns another reference to the value in an entry's content, which is an `Option<V>` as a
    /// `dyn Any`. Returns `None` for an absence.
    pub(crate) of_entry: fn(&dyn Any) -> Option<AnyShared>,
    /// Converts a reference to `dyn Any` into a `V`. If the reference is not of the type `V`,
    /// returns it unchanged as an `Err`.
    pub(crate) back: fn(AnyShared) -> Result<V, AnyShared>,
}

/// A table of the functions that the cache needs for a return type: to share its errors, to weigh,
/// encode and share its values, and to make its timeout error.
pub struct ReturnOps<S: ReturnType> {
    pub(crate) error_sharing: Option<ErrorSharing<S::Error>>,
    pub(crate) weigh: Option<fn(&S::Value) -> usize>,
    pub(crate) wire: Option<Wire>,
    pub(crate) value_sharing: Option<ValueSharing<S::Value>>,
    /// Makes the error for a computation that exceeded its `timeout`. `None` if the function has no
    /// such error.
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

    /// Creates the table of functions for a value that is cached without a macro.
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

    /// Adds the functions that share the errors of a computation among waiters, and the function
    /// that weighs values. `None` means that the return type does not allow the operation.
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

    /// Adds the functions that make further references to values of the type `Arc`. With `None`,
    /// hits clone values.
    #[inline]
    pub fn with_sharing(self, value_sharing: Option<ValueSharing<S::Value>>) -> Self {
        Self {
            value_sharing,
            ..self
        }
    }

    /// Returns the functions that make further references to values of the type `Arc`. Returns
    /// `None` if hits clone values.
    #[inline]
    pub(crate) fn sharing(&self) -> Option<ValueSharing<S::Value>> {
        self.value_sharing
    }

    /// Returns `closure` unchanged. The call tells the compiler that the first parameter of
    /// `closure` has the type of the function's value.
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

    /// Returns the functions that encode and decode values for Redis; `None` if values stay in this
    /// process.
    pub(crate) fn wire(&self) -> Option<Wire> {
        self.wire
    }

    /// Returns the bytes that `value` takes in memory in addition to the size of its type; 0 if the
    /// number is not known.
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
