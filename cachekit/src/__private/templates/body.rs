//! Templates for the parts in the output of every attribute: the cache, the user's body, the body's
//! arguments, and the closure that runs on the value.

/// Expands to the source of a function's cache: the given local, or the current cache.
#[doc(hidden)]
#[macro_export]
macro_rules! __source {
    () => {
        &$crate::__private::Current
    };
    ($cache:ident) => {
        $cache
    };
}

/// Expands to the closure that runs on the returned value: `([bindings] |value| statements)`, or a
/// closure that does nothing. The bindings are the variables that the closure captures.
#[doc(hidden)]
#[macro_export]
macro_rules! __after {
    ($return_ops:ident.$keep:ident, $entry_tags:ident,) => {
        $return_ops.$keep(|_, _| {})
    };
    ($return_ops:ident.$keep:ident, $entry_tags:ident, ([$($bind:tt)*] |$ret:ident| $($then:tt)*)) => {{
        $($bind)*
        $return_ops.$keep(move |$ret, $entry_tags| { $($then)* })
    }};
}

/// Expands to the user's body as a future, or as a closure that is called once. A `return` or `?`
/// in the body leaves only the body, not the cached function.
///
/// The type of an `async` block cannot be written. Without a type, `Err(Box::new(error))` would not
/// become a `Box<dyn Error>`, and the compiler would report a wrong type at the block. Therefore a
/// first `return`, which never runs, fixes the type of later ones, and a local fixes the type of
/// the end.
///
/// A future and a closure capture only the parts of an argument that the body uses, in the order of
/// use. Therefore the body first takes the arguments whole, in their order, under their own
/// patterns. So the arguments are dropped and changed like those of the plain function.
#[doc(hidden)]
#[macro_export]
macro_rules! __body {
    (async ($ret:ty) ($($arg:tt)*) $body:tt) => {
        async move {
            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<$ret> {
                return ret;
            }
            $($crate::__take!($arg);)*
            let ret: $ret = $body;
            #[allow(unreachable_code, reason = "the body may end by `return`")]
            ret
        }
    };
    (detachable ($ret:ty) ([$($owned:tt)*] $($arg:tt)*) $body:tt) => {{
        $($crate::__own!($owned);)*
        async move {
            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<$ret> {
                return ret;
            }
            $($crate::__lend!($owned);)*
            $($crate::__take!($arg);)*
            let ret: $ret = $body;
            #[allow(unreachable_code, reason = "the body may end by `return`")]
            ret
        }
    }};
    (sync ($ret:ty) () $body:tt) => {
        move || -> $ret $body
    };
    (sync ($ret:ty) ($($arg:tt)*) $body:tt) => {
        move || -> $ret {
            $($crate::__take!($arg);)*
            $body
        }
    };
}

/// Clones a borrowed argument for the body: `name`, or `(self name)` to give the clone another
/// name.
#[doc(hidden)]
#[macro_export]
macro_rules! __own {
    (($value:tt $name:ident)) => {
        let $name = {
            #[allow(unused_imports, reason = "which one is used depends on the type")]
            use $crate::__private::own::{AnyOwned as _, Ownable as _};
            (&&$crate::__private::own::Borrowed(&*$value)).__cachekit_own()
        };
    };
    ($name:ident) => {
        $crate::__own!(($name $name));
    };
}

/// Borrows the clone that the body owns, under the argument's name.
#[doc(hidden)]
#[macro_export]
macro_rules! __lend {
    (($value:tt $name:ident)) => {
        let $name = &*$name;
    };
    ($name:ident) => {
        let $name = &*$name;
    };
}

/// Moves one argument into the body: `name`, `(mut name)`, or `[name PATTERN]` for one with a
/// pattern.
#[doc(hidden)]
#[macro_export]
macro_rules! __take {
    ([$name:ident $($pattern:tt)+]) => {
        let $name = $name;
        #[allow(unused_variables, reason = "the key may be its only use")]
        let $($pattern)+ = $name;
    };
    ((mut $name:ident)) => {
        #[allow(unused_variables, reason = "the key may be its only use")]
        let mut $name = $name;
    };
    ($name:ident) => {
        #[allow(
            unused_variables, clippy::used_underscore_binding,
            clippy::no_effect_underscore_binding, reason = "the key may be its only use"
        )]
        let $name = $name;
    };
}
