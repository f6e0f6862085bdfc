//! Templates that the output of every attribute uses: for the cache, for the user's body and its
//! arguments, and for the closure that runs on the returned value.

/// Expands to the source from which a function gets its cache: the given local variable, or the
/// current cache.
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

/// Expands to the closure that runs on the value that the function returns, for example to add a
/// tag made from the value. The input is `([bindings] |value| statements)`, where the bindings are
/// the variables that the closure captures. Without an input, the closure does nothing.
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
/// in the user's body leaves only this body, not the cached function.
///
/// The expansion begins with a `return` that never runs. It tells the compiler the type of the
/// value of each later `return` in an `async` block, because no syntax states that type. Without
/// it, `Err(Box::new(error))` would not become a `Box<dyn Error>`. A local variable does the same
/// for the last expression of the block.
///
/// The expansion moves all arguments whole into the body, in the order of the signature, with the
/// user's patterns. A plain closure would capture only the parts of an argument that the body uses.
/// With all arguments moved, they are dropped as in the function without an attribute.
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

/// Expands to a local variable with a clone of a borrowed argument, which the body will own. The
/// input is `name`, or `(self name)` to give the clone another name.
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

/// Expands to a reference to the clone that the body owns, in a local variable with the argument's
/// name.
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

/// Expands to code that moves one argument into the body. The input is `name`, `(mut name)`, or
/// `[name PATTERN]` for an argument with a pattern.
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
