//! Autoref dispatch behind short names, so that expansions stay readable.

#![expect(
    clippy::inline_always,
    reason = "inlined, the tokens of a hit stay in registers: a seventh of its instructions"
)]

use std::fmt;

use crate::key::{CachePart, KeyBuf, PartWriter};

/// A value on its way into a key.
#[derive(Debug)]
pub struct Part<'a, T: ?Sized>(pub &'a T);

/// First choice.
pub trait ByPart {
    /// Writes it.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8);
    /// Writes it as an element of a composite.
    fn __cachekit_field(&self, out: &mut PartWriter<'_>);
}
impl<T: CachePart + ?Sized> ByPart for &&Part<'_, T> {
    #[inline(always)]
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8) {
        key.part(stop, self.0);
    }
    fn __cachekit_field(&self, out: &mut PartWriter<'_>) {
        out.field(self.0);
    }
}

/// Second choice.
pub trait ByDisplay {
    /// Writes it.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8);
    /// Writes it as an element of a composite.
    fn __cachekit_field(&self, out: &mut PartWriter<'_>);
}
impl<T: fmt::Display + ?Sized> ByDisplay for &Part<'_, T> {
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8) {
        key.display(stop, self.0);
    }
    fn __cachekit_field(&self, out: &mut PartWriter<'_>) {
        out.field_display(self.0);
    }
}

/// No choice left: the bound on the methods gives the error its words.
pub trait Unwritable<T: ?Sized> {
    /// Never gets here.
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8)
    where
        T: CachePart;
    /// Never gets here.
    fn __cachekit_field(&self, out: &mut PartWriter<'_>)
    where
        T: CachePart;
}
impl<T: ?Sized> Unwritable<T> for Part<'_, T> {
    fn __cachekit_write(&self, key: &mut KeyBuf, stop: u8)
    where
        T: CachePart,
    {
        key.part(stop, self.0);
    }
    fn __cachekit_field(&self, out: &mut PartWriter<'_>)
    where
        T: CachePart,
    {
        out.field(self.0);
    }
}

/// Writes an argument into a key: by `CachePart`, else by `Display`.
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

/// Writes a field of a struct or variant: by `CachePart`, else by `Display`.
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

/// Renders an argument that the body will take away.
#[doc(hidden)]
#[macro_export]
macro_rules! __rendered {
    ($stop:expr, $value:expr) => {
        match &$value {
            value => $crate::__private::Rendered::new(|key| $crate::__part!(key, $stop, *value)),
        }
    };
}

/// What a return type means to the cache.
#[doc(hidden)]
#[macro_export]
macro_rules! __plan {
    ($ret:ty) => {{
        #[allow(unused_imports, reason = "which ones are used depends on the type")]
        use $crate::__private::plan::serialised::*;
        #[allow(unused_imports, reason = "which ones are used depends on the type")]
        use $crate::__private::plan::{
            ErrorIsOwned as _, ErrorIsShared as _, PeelAny as _, PlanAny as _, ValueIsOwned as _,
            ValueIsShared as _, WeighNothing as _,
        };
        let plan = $crate::__private::plan::probe::<$ret>().peel().plan();
        plan.with((&&plan).error_sharing(), (&&plan).weigher())
            .with_sharing((&&plan).value_sharing())
    }};
}

/// A compile-time error unless the return type has a way to say that there is nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! __absent {
    ($ret:ty) => {
        $crate::__private::can_be_absent($crate::__plan!($ret));
    };
}

/// A plan with an answer for a computation that took too long: as said, else made of that.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_time {
    ($plan:expr, $error:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::in_time::*;
        $plan.or_error(|_| $error)
    }};
    ($plan:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::in_time::*;
        (&&&$plan).__cachekit_in_time()
    }};
}

/// A compile-time error unless the return type has errors.
#[doc(hidden)]
#[macro_export]
macro_rules! __fallible {
    ($ret:ty) => {
        $crate::__private::can_fail($crate::__plan!($ret));
    };
}

/// A compile-time error unless the return type has errors that can be remembered.
#[doc(hidden)]
#[macro_export]
macro_rules! __remembered {
    ($ret:ty) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::remembered::*;
        let plan = $crate::__plan!($ret);
        (&&&plan).__cachekit_remembered();
    }};
}

/// A compile-time error unless a body can have its own clone of the argument.
#[doc(hidden)]
#[macro_export]
macro_rules! __ownable {
    ($name:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::own::{NotOwnable as _, Ownable as _};
        let _ = || {
            let _ = (&&$crate::__private::own::Lent(&*$name)).__cachekit_own();
        };
    }};
}

/// A compile-time error if the feature of a codec is off.
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

/// A compile-time error if the feature that compresses is off.
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

/// A compile-time error if the value could matter to the key.
#[doc(hidden)]
#[macro_export]
macro_rules! __left_out {
    ($value:expr) => {{
        let _ = || $crate::__private::left_out($crate::__seen!(&$value));
    }};
}

/// A compile-time error unless all instances of the type are interchangeable.
#[doc(hidden)]
#[macro_export]
macro_rules! __shared_self {
    ($ty:ty) => {
        $crate::__private::shared_self::<$ty>()
    };
}

/// A function that tells the path of the place where it stands.
#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    () => {
        || {
            struct __CachekitHere;
            ::core::any::type_name::<__CachekitHere>()
        }
    };
}

/// The path of the function in whose body this stands; one whose name is given costs nothing if
/// nothing with types is around it.
#[doc(hidden)]
#[macro_export]
macro_rules! __function_path {
    () => {
        $crate::__function_path!(@ "")
    };
    ($own:literal) => {
        $crate::__function_path!(@ ::core::concat!("::", $own))
    };
    (@ $own:expr) => {{
        fn __here() {}
        let names = (
            ::core::any::type_name_of_val(&__here),
            ::core::any::type_name_of_val(&|| {}),
        );
        $crate::__private::FunctionPath::new($own, names.0, names.1)
    }};
}

/// Writes the types that a function has from where it stands: also that of `self`, if that is
/// generic.
#[doc(hidden)]
#[macro_export]
macro_rules! __outer {
    ($key:ident Self $($own:literal)?) => {
        if !$key.outer_types_of(&$crate::__function_path!($($own)?)) {
            $key.self_type::<Self>();
        }
    };
    ($key:ident $($own:literal)?) => {
        let _ = $key.outer_types_of(&$crate::__function_path!($($own)?));
    };
}

/// Registers a function at link time.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($spec:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::Registered(&$spec) }
    };
}
