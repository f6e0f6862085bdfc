//! Templates for the parts that every attribute's output contains: the cache, the user's body and
//! its arguments, and the closure that runs on the value.

/// Where a function finds its cache: as said, else the current one.
#[doc(hidden)]
#[macro_export]
macro_rules! __source {
    () => {
        &$crate::__private::Current
    };
    ($($said:tt)+) => {
        $($said)+
    };
}

/// What runs when the value is there, as a closure.
#[doc(hidden)]
#[macro_export]
macro_rules! __after {
    ($return_ops:ident.$keep:ident, $entry_tags:ident,) => {
        $return_ops.$keep(|_, _| {})
    };
    ($return_ops:ident.$keep:ident, $entry_tags:ident, [$($bind:tt)*] |$ret:ident| $($then:tt)*) => {{
        $($bind)*
        $return_ops.$keep(move |$ret, $entry_tags| { $($then)* })
    }};
}

/// The user's body as a future, or a closure that is called once: `return` and `?` leave it and
/// nothing else.
///
/// An `async` block has no place for its type: `Err(Box::new(error))` would not become a
/// `Box<dyn Error>`, and a wrong type would be reported about the block. So the first `return`,
/// which never runs, says the type to later ones, and a local says it to the end.
///
/// Both capture what the body mentions, as it mentions it: a part of an argument
/// alone, and in another order. So the arguments are taken whole, in their order, under
/// their own patterns: they are dropped, and changed, as those of the plain function.
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

/// Clones what is borrowed: `name`, or `(self name)` under another name.
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

/// The body's own as the argument was: borrowed.
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

/// Takes one argument: `name`, `(mut name)`, or `[name PATTERN]` for one with a pattern.
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
