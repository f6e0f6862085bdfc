//! Macros that choose a trait's method by the type of a value (autoref dispatch). Their names are
//! short, so that expansions stay readable.

#![expect(
    clippy::inline_always,
    reason = "inlined, the tokens of a hit stay in registers: a seventh of its instructions"
)]

use std::fmt;

use crate::key::buf::KeyBuf;
use crate::key::component::{CacheKey, KeyWriter};
use crate::key::nested::{CacheKeyOrDisplay, ImplementedBy};

/// Wrapper around a value that is written into a key. Generated code calls a method on the wrapper,
/// and the compiler finds the method of `CacheKey` first, and of `Display` only if the value has no
/// `CacheKey`.
#[derive(Debug)]
pub struct Part<'a, T: ?Sized>(pub &'a T);

/// First choice for a value that is written into a key: the value's type implements `CacheKey`.
pub trait ByPart {
    /// Writes the value into `key`. `stop` is the first byte of the key's literal text after the
    /// value.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8);
    /// Writes the value into `out`, as an element of a composite value such as a struct.
    fn __cachekit_field(&self, out: &mut KeyWriter<'_>);
}
impl<T: CacheKey + ?Sized> ByPart for &&Part<'_, T> {
    #[inline(always)]
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8) {
        key.part(stop, self.0);
    }
    fn __cachekit_field(&self, out: &mut KeyWriter<'_>) {
        out.field(self.0);
    }
}

/// Second choice for a value that is written into a key: the value's type implements `Display`.
pub trait ByDisplay {
    /// Writes the value into `key`. `stop` is the first byte of the key's literal text after the
    /// value.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8);
    /// Writes the value into `out`, as an element of a composite value such as a struct.
    fn __cachekit_field(&self, out: &mut KeyWriter<'_>);
}
impl<T: fmt::Display + ?Sized> ByDisplay for &Part<'_, T> {
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8) {
        key.display(stop, self.0);
    }
    fn __cachekit_field(&self, out: &mut KeyWriter<'_>) {
        out.field_display(self.0);
    }
}

/// Last choice for a value that is written into a key: its type implements neither `CacheKey` nor
/// `Display`. The methods of this trait have a requirement that nothing meets, which causes the
/// compile error.
pub trait Unwritable<T: ?Sized> {
    /// Fails to compile, because `T` implements neither `CacheKey` nor `Display`.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8)
    where
        CacheKeyOrDisplay: ImplementedBy<T>;
    /// Fails to compile, because `T` implements neither `CacheKey` nor `Display`.
    fn __cachekit_field(&self, out: &mut KeyWriter<'_>)
    where
        CacheKeyOrDisplay: ImplementedBy<T>;
}
impl<T: ?Sized> Unwritable<T> for Part<'_, T> {
    fn __cachekit_write(&self, _: &mut KeyBuf, _: u8)
    where
        CacheKeyOrDisplay: ImplementedBy<T>,
    {
    }
    fn __cachekit_field(&self, _: &mut KeyWriter<'_>)
    where
        CacheKeyOrDisplay: ImplementedBy<T>,
    {
    }
}

/// Expands to code that writes an argument into a key, by the argument's `CacheKey` or otherwise by
/// its `Display`.
#[doc(hidden)]
#[macro_export]
macro_rules! __part {
    ($key:expr, $stop:expr, $value:expr) => {
        match (&mut *$key, $stop, &$value) {
            (key, stop, value) => {
                #[allow(unused_imports, reason = "which one is used depends on the type")]
                use $crate::__private::part::{ByDisplay as _, ByPart as _, Unwritable as _};
                (&&&$crate::__private::part::Part(value)).__cachekit_write(key, stop)
            }
        }
    };
}

/// Expands to code that writes an argument into a key, like [`__part`](crate::__part). In addition,
/// the argument may be a container with elements of several types, of which some implement only
/// `CacheKey` and others only `Display`.
#[doc(hidden)]
#[macro_export]
macro_rules! __nested {
    ($key:expr, $stop:expr, $value:expr) => {
        match (&mut *$key, $stop, &$value) {
            (key, stop, value) => $crate::__walk!(value).__cachekit_write(key, stop, value),
        }
    };
}

/// Expands to code that chooses `CacheKey` or `Display` for each type inside a value's type, such
/// as the types in a tuple. The code makes sixteen calls, one for each type.
#[doc(hidden)]
#[macro_export]
macro_rules! __walk {
    ($value:ident) => {
        $crate::__private::walk_over($value)
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
            .__cachekit_step()
    };
}

/// Expands to code that writes a field of a struct or variant into a key, by the field's `CacheKey`
/// or otherwise by its `Display`.
#[doc(hidden)]
#[macro_export]
macro_rules! __field {
    ($out:expr, $value:expr) => {
        match (&mut *$out, &$value) {
            (out, value) => {
                #[allow(unused_imports, reason = "which one is used depends on the type")]
                use $crate::__private::part::{ByDisplay as _, ByPart as _, Unwritable as _};
                (&&&$crate::__private::part::Part(value)).__cachekit_field(out)
            }
        }
    };
}

/// Expands to code that writes a field into a key, like [`__field`](crate::__field). In addition,
/// the field may be a container with elements of several types, of which some implement only
/// `CacheKey` and others only `Display`.
#[doc(hidden)]
#[macro_export]
macro_rules! __nested_field {
    ($out:expr, $value:expr) => {
        match (&mut *$out, &$value) {
            (out, value) => $crate::__walk!(value).__cachekit_field(out, value),
        }
    };
}

/// Wrapper around a reference to an argument that an expression in `key = expr(..)` uses. The
/// compiler finds out by the wrapper if the argument can be cloned.
#[derive(Debug)]
pub struct Given<'a, T: ?Sized>(pub &'a T);

/// First choice for an argument that an expression in `key = expr(..)` uses: the argument's type
/// implements `Clone`, and the expression gets a clone. The clone has the type that the function's
/// signature gives.
pub trait GivenClone<T> {
    /// Returns a clone of the wrapped argument.
    fn __cachekit_given(&self) -> T;
}
impl<T: Clone> GivenClone<T> for &Given<'_, T> {
    fn __cachekit_given(&self) -> T {
        self.0.clone()
    }
}

/// Second choice for an argument that an expression in `key = expr(..)` uses: the argument's type
/// does not implement `Clone`, and the expression gets a reference.
pub trait GivenReference<'a, T: ?Sized> {
    /// Returns the wrapped reference to the argument.
    fn __cachekit_given(&self) -> &'a T;
}
impl<'a, T: ?Sized> GivenReference<'a, T> for Given<'a, T> {
    fn __cachekit_given(&self) -> &'a T {
        self.0
    }
}

/// Expands to the value of an argument for an expression in `key = expr(..)`: a clone, or a
/// reference if the argument's type does not implement `Clone`.
#[doc(hidden)]
#[macro_export]
macro_rules! __given {
    ($name:ident) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::given::{GivenClone as _, GivenReference as _};
        (&&$crate::__private::given::Given($name)).__cachekit_given()
    }};
}

/// Expands to code that renders an argument as text for a key, a tag or an event, before the body
/// takes the argument.
#[doc(hidden)]
#[macro_export]
macro_rules! __rendered {
    ($stop:expr, $value:expr) => {
        match &$value {
            value => $crate::__private::Rendered::new(|key| $crate::__nested!(key, $stop, *value)),
        }
    };
}

/// Expands to the [`ReturnOps`](crate::__private::ReturnOps) of a return type: the functions that
/// the cache needs to share, weigh and encode values of that type.
#[doc(hidden)]
#[macro_export]
macro_rules! __plan {
    ($ret:ty) => {{
        #[allow(unused_imports, reason = "which ones are used depends on the type")]
        use $crate::__private::plan::serialised::*;
        #[allow(unused_imports, reason = "which ones are used depends on the type")]
        use $crate::__private::plan::{
            AnyResult as _, AnyReturn as _, ErrorIsOwned as _, ErrorIsShared as _, Unweighed as _,
            ValueIsOwned as _, ValueIsShared as _,
        };
        let return_ops = $crate::__private::plan::probe::<$ret>().peel().return_ops();
        return_ops
            .with((&&return_ops).error_sharing(), (&&return_ops).weigher())
            .with_sharing((&&return_ops).value_sharing())
    }};
}

/// Expands to the `ReturnOps` of a return type, with the error of a computation that exceeded its
/// `timeout`: the user's `timeout_error`, or an error made from `ComputeTimeout`.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_time {
    (($return_ops:expr) ($failing:ident $asked:expr) ($error:expr)) => {{
        use $crate::__private::RequireResult as __CanFail;
        let $failing = $return_ops;
        $asked.with_timeout_error(|_| $error)
    }};
    (($return_ops:expr) ($failing:ident $asked:expr) $answer:ident $answered:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::in_time::*;
        use $crate::__private::{RequireResult as __CanFail, RequireTimeoutError as __Answer};
        let $failing = $return_ops;
        let $answer = (&&$asked).__cachekit_timeout_error();
        $answered
    }};
}

/// Expands to the value whose type must meet the requirement of an option. For `err_ttl`, which
/// remembers errors, the type of the value shows if the error can be cloned. For any other option,
/// the value is the `ReturnOps` (the table of functions) of the return type.
#[doc(hidden)]
#[macro_export]
macro_rules! __asked {
    (RequireCloneableError $ret:ty) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::remembered::*;
        let return_ops = $crate::__plan!($ret);
        (&&return_ops).__cachekit_cloneable_error()
    }};
    ($trait:ident $ret:ty) => {
        $crate::__plan!($ret)
    };
}

/// Fails to compile if the argument cannot be cloned. A body that continues after its caller was
/// dropped needs its own clone.
#[doc(hidden)]
#[macro_export]
macro_rules! __ownable {
    ($argument:expr => $clone:ident $asked:expr) => {
        let _ = || {
            #[allow(unused_imports, reason = "which one is used depends on the type")]
            use $crate::__private::own::{AnyOwned as _, OwnClone as __OwnClone, Ownable as _};
            let $clone = (&&$crate::__private::own::Borrowed(&*$argument)).__cachekit_own();
            $asked
        };
    };
}

/// Fails to compile if the crate feature of the given codec is off.
#[doc(hidden)]
#[macro_export]
macro_rules! __codec {
    ($codec:ident) => {
        const _: () = ::core::assert!(
            $crate::Codec::$codec.is_available(),
            "{}",
            $crate::Codec::$codec.__remedy()
        );
    };
}

/// Fails to compile if the crate feature `lz4` is off, without which nothing can be compressed.
#[doc(hidden)]
#[macro_export]
macro_rules! __compress {
    () => {
        const _: () = ::core::assert!(
            $crate::__private::CAN_COMPRESS,
            "`compress` needs the feature `lz4` of cachekit; turn it on"
        );
    };
}

/// Fails to compile if the crate feature `encryption` is off, without which nothing can be encrypted.
#[doc(hidden)]
#[macro_export]
macro_rules! __encrypt {
    () => {
        const _: () = ::core::assert!(
            $crate::__private::CAN_ENCRYPT,
            "`encrypt` needs the feature `encryption` of cachekit; turn it on"
        );
    };
}

/// Fails to compile if the key leaves out the argument `$name` although the argument could change
/// the function's result.
///
/// The expansion defines a new trait for each argument, whose error message names the argument.
/// `$check` is located at the argument in the source, so that the compiler reports the error there
/// and mentions no macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __left_out {
    ($mode:ident $value:expr, $name:ident $message:literal $note:literal ($($check:tt)+)) => {
        let _ = || {
            #[diagnostic::on_unimplemented(
                message = $message, label = "in neither `key` nor `skip`", note = $note
            )]
            trait InKeyOrSkip {
                fn check(self)
                where
                    Self: Sized,
                {
                }
            }
            #[diagnostic::do_not_recommend]
            impl InKeyOrSkip for $crate::__private::Handle {}
            #[allow(
                clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated,
                reason = "the error is to stand where the argument does"
            )]
            let $name = $crate::__arg_kind!($mode $value);
            $($check)+
        };
    };
}

/// Registers a cached function at link time, by its spec: the constant data of the function (name,
/// options, key template).
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($spec:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::Registered(&$spec) }
    };
}
